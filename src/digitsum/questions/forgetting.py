"""Claim 1: the plain SRN forgets."""

from digitsum.questions.curves import On, by_length, claimed
from digitsum.questions.judgement import Claim, Judgement, falls
from digitsum.statistics import slope
from digitsum.sweeps.collected import Sweep

WORDS = "The plain SRN forgets: accuracy falls as length grows."


def plain_srn_forgets(found: Sweep) -> Claim:
    return claimed("1", WORDS, found, _judged)


def _judged(found: Sweep, on: On) -> list[Judgement]:
    curve = by_length(found, on, "srn")
    if not curve.enough:
        return []
    fall = slope(curve.lengths, curve.values)
    return [falls("plain SRN", curve.lengths, fall, curve.means(), curve.values.size)]
