"""What a judgement on a claim is, and the two rules by which verdicts fall."""

from typing import Literal, NamedTuple

from digitsum.collected import Array
from digitsum.statistics import Difference, probability

Verdict = Literal["confirmed", "refuted", "not decided"]
ALPHA = 0.05


class Judgement(NamedTuple):
    """One part of a claim."""

    claim: str
    part: str
    numbers: str
    test: str
    verdict: Verdict


def all_hold(hold: list[bool], fail: list[bool]) -> Verdict:
    if all(hold):
        return "confirmed"
    return "refuted" if any(fail) else "not decided"


def compared_at(claim: str, part: str, at: Array, compared: list[Difference]) -> Judgement:
    """Confirmed where every difference is above zero."""
    numbers = "; ".join(
        f"{where}: {one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        for where, one in zip(at, compared, strict=True)
    )
    largest = max(one.p for one in compared)
    sizes = compared[0].sizes
    return Judgement(
        claim,
        part,
        numbers,
        f"permutation, largest {probability(largest)}, n = {sizes[0]} and {sizes[1]} each",
        all_hold(
            [one.low > 0 and one.p < ALPHA for one in compared],
            [one.high < 0 and one.p < ALPHA for one in compared],
        ),
    )
