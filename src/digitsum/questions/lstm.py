"""Claim 6: the LSTM is the real answer."""

from digitsum.questions.curves import On, by_length, claimed
from digitsum.questions.judgement import Claim, Judgement, compared_at, falls
from digitsum.statistics import slope
from digitsum.sweeps.collected import Sweep

WORDS = "The LSTM is the real answer: clearly above the SRN, though falling too."


def lstm_remembers(found: Sweep) -> Claim:
    return claimed("6", WORDS, found, _judged)


def _judged(found: Sweep, on: On) -> list[Judgement]:
    curve = by_length(found, on, "lstm")
    if not curve.enough:
        return []
    judged = []
    for model, name in (("srn", "plain SRN"), ("srn_residual", "residual SRN"), ("gru", "GRU")):
        other = by_length(found, on, model)
        if curve.beside(other):
            part = f"LSTM minus {name}, test accuracy"
            judged.append(compared_at(part, curve.lengths, curve.minus(other)))
    fall = slope(curve.lengths, curve.values)
    judged.append(falls("LSTM", curve.lengths, fall, curve.means(), curve.values.size))
    return judged
