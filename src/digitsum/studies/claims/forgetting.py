"""Claim 1: the plain SRN forgets."""

from digitsum.statistics import slope
from digitsum.studies.claims.curves import by_length
from digitsum.studies.claims.judgement import Claim, falls
from digitsum.studies.collected import Sweep

WORDS = "The plain SRN forgets: accuracy falls as length grows."


def plain_srn_forgets(found: Sweep) -> Claim:
    curve = by_length(found, "srn")
    if not curve.enough:
        return Claim("1", WORDS, ())
    fall = slope(curve.lengths, curve.values)
    return Claim(
        "1", WORDS, [falls("plain SRN", curve.lengths, fall, curve.means(), curve.values.size)]
    )
