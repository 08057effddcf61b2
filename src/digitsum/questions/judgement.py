"""What a claim and a judgement on a part of it are, and the rules by which verdicts fall.

The rules are those of docs/method.md, written down before the results that they judge.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

import numpy as np

from digitsum.questions.forest import Forest, Row, rows
from digitsum.statistics import Difference, Slope, probability
from digitsum.sweeps.jobs import Array

Verdict = Literal["confirmed", "refuted", "not decided"]
ALPHA = 0.05
# Two of a hundred test examples: a difference in accuracy below this is too small to matter.
MARGIN = 0.02


class Judgement(NamedTuple):
    """One part of a claim: what was measured, by which test, and the verdict.

    `numbers` are the measured in words; `forest` holds what was judged, row by row; `beside` are
    numbers that explain it without having been judged, `aside` what else is to be known, `on` the
    examples that the networks were trained on, where a claim is judged on several kinds.
    """

    part: str
    numbers: str
    test: str
    verdict: Verdict
    forest: Forest
    beside: Sequence[Row] = ()
    aside: str = ""
    on: str = ""


class Claim(NamedTuple):
    """A claim as somebody made it, and what a sweep says of its parts (of some, or of none: then
    `silent` says why, where the sweep looks as if it could).
    """

    name: str
    words: str
    judgements: Sequence[Judgement]
    silent: str = ""


def decide(
    effects: Sequence[Array], margin: float | None = None, least: Sequence[bool] = ()
) -> Verdict:
    """Judge a statement that says of each effect that it is above zero.

    Confirmed where every effect's 95 % interval lies above zero: all must hold, so none needs a
    correction (an intersection-union test, Berger 1982). Else refuted where some effect's interval
    lies below zero, or where some effect is bounded within the margin on both sides by two
    one-sided tests (Schuirmann 1987, Lakens 2017); since any one of them would do, each is asked at
    the level divided by their number (Bonferroni). Else not decided.

    Args:
        effects: of each, the bootstrap's draws; positive is the statement's side.
        margin: below which an effect is too small to matter; None where no size is known to be.
        least: which effects are no more than a least one, so that none of them is called small; of
            all others, and without it, both ends are known.
    """
    share = ALPHA / len(effects)
    if all(np.quantile(one, ALPHA / 2) > 0 for one in effects):
        return "confirmed"
    if any(np.quantile(one, 1 - share / 2) < 0 for one in effects):
        return "refuted"
    if margin is not None:
        known = [one for one, at_least in zip_longest(effects, least) if not at_least]
        ends = [np.quantile(one, [share, 1 - share]) for one in known]
        if any(low > -margin and high < margin for low, high in ends):
            return "refuted"
    return "not decided"


def rests_on(effects: Sequence[Array], margin: float | None, least: Sequence[bool] = ()) -> str:
    """What is to be said beside a verdict that would be another without the margin."""
    if decide(effects, margin, least) == decide(effects):
        return ""
    return f"; within {margin:g}, too small to matter"


def compared_at(
    part: str,
    at: Array,
    compared: list[Difference],
    margin: float | None = MARGIN,
    quantity: str = "difference in test accuracy",
) -> Judgement:
    """The statement that every difference, one a length, is above zero."""
    forest = Forest(quantity, rows(at, compared), signed=True, margin=margin or 0.0)
    effects = [one.draws for one in compared]
    largest = max(one.p for one in compared)
    sizes = compared[0].sizes
    return Judgement(
        part,
        forest.listed(),
        f"bootstrap; permutation, largest {probability(largest)}, n = {sizes[0]} and {sizes[1]} "
        f"each{rests_on(effects, margin)}",
        decide(effects, margin),
        forest,
    )


def falls(name: str, lengths: Array, found: Slope, means: Sequence[Row], count: int) -> Judgement:
    """The statement that accuracy's slope against length is below zero.

    It is too small to matter where accuracy changes by less than the margin over all lengths.
    """
    tenfold = Row("slope", 10 * found.slope, 10 * found.low, 10 * found.high)
    span = lengths.max() - lengths.min()
    quantity, small = "test accuracy per ten digits", float(10 * MARGIN / span)
    forest = Forest(quantity, [tenfold], signed=True, axis="", margin=small)
    listed = "; ".join(f"{one.setting}: {one.said()}" for one in means)
    numbers = f"{tenfold.said(signed=True)} accuracy per ten digits; mean at {listed}"
    over_all = -found.draws * span
    test = f"bootstrap; permutation of lengths, {probability(found.p)}, n = {count}"
    test += rests_on([over_all], MARGIN)
    part = f"{name}: accuracy falls with length"
    return Judgement(part, numbers, test, decide([over_all], MARGIN), forest, means)
