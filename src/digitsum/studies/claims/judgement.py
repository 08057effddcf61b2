"""What a claim and a judgement on a part of it are, and the rules by which verdicts fall."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from digitsum.statistics import Difference, Slope, probability
from digitsum.studies.collected import Array

Verdict = Literal["confirmed", "refuted", "not decided"]
ALPHA = 0.05


class Judgement(NamedTuple):
    """One part of a claim: what was measured, by which test, and the verdict."""

    part: str
    numbers: str
    test: str
    verdict: Verdict


class Claim(NamedTuple):
    """A claim as somebody made it, and what a sweep says of its parts (of some, or of none)."""

    name: str
    words: str
    judgements: Sequence[Judgement]


def all_hold(hold: list[bool], fail: list[bool]) -> Verdict:
    if all(hold):
        return "confirmed"
    return "refuted" if any(fail) else "not decided"


def compared_at(part: str, at: Array, compared: list[Difference]) -> Judgement:
    """Confirmed where every difference is above zero."""
    numbers = "; ".join(
        f"{where}: {one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        for where, one in zip(at, compared, strict=True)
    )
    largest = max(one.p for one in compared)
    sizes = compared[0].sizes
    return Judgement(
        part,
        numbers,
        f"permutation, largest {probability(largest)}, n = {sizes[0]} and {sizes[1]} each",
        all_hold(
            [one.low > 0 and one.p < ALPHA for one in compared],
            [one.high < 0 and one.p < ALPHA for one in compared],
        ),
    )


def falls(name: str, found: Slope, listed: str, count: int) -> Judgement:
    """Confirmed where accuracy's slope against length is below zero."""
    numbers = (
        f"{10 * found.slope:+.3f} [{10 * found.low:+.3f}, {10 * found.high:+.3f}] accuracy per "
        f"ten digits; mean at {listed}"
    )
    test = f"permutation of lengths, {probability(found.p)}, n = {count}"
    verdict = all_hold([found.high < 0 and found.p < ALPHA], [found.low >= 0])
    return Judgement(f"{name}: accuracy falls with length", numbers, test, verdict)
