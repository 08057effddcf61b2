"""Whole searches for memory spans of networks that are made up: every job that is asked, in its
round, what each ends with, and how long it is told to need half-way.

That the rule is a good one is asked in `test_span_rule.py`; here no decision may change unnoticed.
What changes on purpose is written anew, and read in the difference, by
`python -m tests.sweeps.test_as_before`.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from digitsum.sweeps.crossing import Crossed
from digitsum.sweeps.outlook import seconds_left, to_come
from digitsum.sweeps.span_rule import Ask, Rule

from ..drawn import hold, renew
from .test_outlook import whole
from .test_span_rule import CURVES, SMALL, Network, run

HERE = Path(__file__).parent / "as_before"
# A steep fall, a slow one whose best rate drifts, one beyond the longest length, one that never
# learns, and replicas that differ so much that the bracket moves.
NETWORKS = (*CURVES, (9000.0, 3.0, 0.1, 0.0), (2.0, 6.0, 0.1, 0.0), (40.0, 1.0, 0.4, 0.5))
RULES = {"whole": Rule(), "small": SMALL, "odd": Rule(3, 100, 1.1, 3, 5, 12, -4)}


def asked(asks: list[Ask]) -> str:
    """`5: 0.001 x 4 from 0, ...`, length by length."""
    told = []
    for length, several in groupby(asks, key=lambda one: one.length):
        each = (f"{one.lr:g} x {one.replicas} from {one.seed}" for one in several)
        told.append(f"{length}: {', '.join(each)}")
    return "; ".join(told)


def ended(crossing: Crossed | None) -> str:
    if crossing is None:
        return "no span"
    return f"{crossing.span:.5g} [{crossing.low:.5g}, {crossing.high:.5g}]"


def lines_of(name: str) -> Iterator[str]:
    rule = RULES[name]
    for number, curve in enumerate(NETWORKS):
        yield str(curve)
        found, rounds = run(rule, Network(*curve, seed=number))
        for asks in rounds:
            yield f"  {asked(asks)}"
        fresh = {
            length: f"{each.mean():.4f} of {len(each)}" for length, each in found.fresh.items()
        }
        yield f"  -> {ended(found.crossed)} {'beyond ' * found.beyond}{fresh}"
        known = whole(rule, Network(*curve, seed=number))
        for part in (1, len(known) // 2, len(known) - 1):
            done = [one for several in known[:part] for one in several]
            coming, left = to_come(rule, done), seconds_left(rule, [done, []])
            yield f"  after {part}: {len(coming)} to come, {left:.5g} s with another's"
            yield f"    {asked(coming)}"


@pytest.mark.parametrize("name", RULES)
def test_it_is_as_before(name: str) -> None:
    hold(HERE / f"{name}.txt", list(lines_of(name)))


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for each in RULES:
        renew(HERE / f"{each}.txt", lines_of(each))
