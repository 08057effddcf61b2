"""Claim 6: the LSTM is the real answer."""

from digitsum.statistics import slope
from digitsum.studies.claims.curves import by_length
from digitsum.studies.claims.judgement import Claim, compared_at, falls
from digitsum.studies.collected import Sweep

WORDS = "The LSTM is the real answer: clearly above the SRN, though falling too."


def lstm_remembers(found: Sweep) -> Claim:
    curve = by_length(found, "lstm")
    if not curve.enough:
        return Claim("6", WORDS, ())
    judged = []
    for model, name in (("srn", "plain SRN"), ("srn_residual", "residual SRN"), ("gru", "GRU")):
        other = by_length(found, model)
        if curve.beside(other):
            part = f"LSTM minus {name}, test accuracy"
            judged.append(compared_at(part, curve.lengths, curve.minus(other)))
    fall = slope(curve.lengths, curve.values)
    judged.append(falls("LSTM", curve.lengths, fall, curve.means(), curve.values.size))
    return Claim("6", WORDS, judged)
