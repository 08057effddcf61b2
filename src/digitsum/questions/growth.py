"""Does a memory span grow with what a cell is given: with its optimizer steps, and with its size?

Growth is told in doublings of the span for one doubling of the budget: 1 where they are in
proportion, 0 where the span is the cell's own. It is taken between the smallest and the largest
budget at which a cell's span was sought, all else being the same.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from digitsum.questions.budget import PASSES, SIZE, steps
from digitsum.questions.forest import Forest, Row
from digitsum.questions.judgement import Claim, Judgement, decide, rests_on
from digitsum.questions.span import SOUGHT, Span, named, spans
from digitsum.statistics import Array, with_interval
from digitsum.sweeps.collected import Sweep

WORDS = "A memory span is no property of the cell alone: it grows with what the cell is given."
# A span that is 7 % longer with twice the budget: too little to matter.
LEAST = 0.1
# An interval of a span is the 1 % and 99 % quantiles of its draws (`crossing.TAIL`), since a search
# stops where it is narrow: by as much are the draws of a growth widened, so that 2.5 % will do.
WIDER = 2.326 / 1.96  # the two quantiles of a normal distribution


class Drawn(Protocol):
    """A span as a search found it, and as a bootstrap drew it."""

    @property
    def span(self) -> float: ...
    @property
    def draws(self) -> Array: ...


class Budget(NamedTuple):
    """What a cell is given: its name, the setting that varies it, and how much of it that is."""

    name: str
    key: str
    amount: Callable[[Mapping[str, Any]], float]


BUDGETS = (
    Budget("optimizer steps", PASSES, steps),
    Budget("hidden size", SIZE, lambda settings: settings[SIZE]),
)


class Grown(NamedTuple):
    """Of one cell from its smallest to its largest budget: doublings for a doubling, and draws.

    `at_least`: the larger span is beyond what was asked, and taken to be the longest length asked;
    `open`: it, or its interval.
    """

    setting: str
    middle: float
    draws: Array
    at_least: bool
    open: bool


def span_grows(found: Sweep) -> Claim:
    """A part each cell and budget, of all its settings for which one end at least is known."""
    judged = []
    for budget, of_models in _grown(found, spans(found)).items():
        for model, all_of in of_models.items():
            rows = [
                Row(one.setting, one.middle, *np.quantile(one.draws, [0.025, 0.975]).tolist())
                for one in all_of
            ]
            effects, least = [one.draws for one in all_of], [one.open for one in all_of]
            quantity = "doublings of the span for a doubling"
            forest = Forest(quantity, rows, signed=True, axis="", margin=LEAST)
            censored = [one.setting or "this" for one in all_of if one.at_least]
            aside = f"at least, since beyond {found.grows}: {'; '.join(censored)}" * bool(censored)
            judged.append(
                Judgement(
                    f"{model}: the span grows with {budget.name}",
                    forest.listed(),
                    f"bootstrap of both spans{rests_on(effects, LEAST, least)}",
                    decide(effects, LEAST, least),
                    forest,
                    aside=aside,
                )
            )
    return Claim("budget", WORDS, judged)


def grown(found: Sweep) -> str:
    """How many times as long a span is with twice the steps, and with twice the size."""
    known = spans(found)
    by_budget = _grown(found, known)
    if not by_budget:
        return ""
    sentences = []
    for budget, of_models in by_budget.items():
        factors = ", ".join(f"{_times(all_of)} ({model})" for model, all_of in of_models.items())
        if factors:
            said = f"With twice the {budget.name} a span is longer by a factor of {factors}."
            sentences.append(said)
    beyond: dict[str, list[bool]] = {}
    for one in known:
        beyond.setdefault(one.settings["model"], []).append(bool(np.isinf(one.span)))
    always = [model for model, each in beyond.items() if all(each)]
    if always:
        sentences.append(f"Beyond {found.grows} with any: {', '.join(always)}.")
    return " ".join(sentences)


def _times(all_of: list[Grown]) -> str:
    """`1.62 [1.50, 1.75]`, the geometric mean over settings; `at least` where one is no more."""
    draws = 2 ** np.mean([one.draws for one in all_of], 0)
    low, high = np.quantile(draws, [0.025, 0.975])
    middle = 2 ** np.mean([one.middle for one in all_of])
    at_least = "at least " * any(one.at_least for one in all_of)
    return at_least + with_interval(float(middle), float(low), float(high), ".2f")


def _grown(found: Sweep, known: list[Span]) -> dict[Budget, dict[str, list[Grown]]]:
    """Of a search, by each budget that varies, by cell; cells that are beyond what was asked,
    whatever they are given, aren't among them.
    """
    varying = [one for one in BUDGETS if found.grows and one.key in found.varied]
    return {budget: _by_cell(found, known, budget) for budget in varying}


def _by_cell(found: Sweep, known: list[Span], budget: Budget) -> dict[str, list[Grown]]:
    keys = [key for key in found.varied if key not in (*SOUGHT, "model", budget.key)]
    made: dict[str, list[Grown]] = {}
    for model, setting, several in _same_but_for(budget, keys, known):
        few, many = several[0], several[-1]
        ratio = np.log2(budget.amount(many.settings) / budget.amount(few.settings))
        if not ratio or not few.span or np.isinf(few.span):
            continue
        ends = float(few.lengths[0]), float(found.grows)
        middle, draws = (one / ratio for one in doublings(few, many, ends))
        beyond = bool(np.isinf(many.span)), bool(np.isinf(many.high))
        one = Grown(setting, float(middle), draws, *beyond)
        made.setdefault(model, []).append(one)
    return made


def doublings(few: Drawn, many: Drawn, ends: tuple[float, float]) -> tuple[Array, Array]:
    """Of the span from one to the other, each taken to be within the lengths asked: as it is, and
    its draws.
    """
    # The two were drawn alike, though their replicas have nothing to do with each other.
    apart = np.random.default_rng(0).permutation(many.draws)
    short, long = (np.log2(np.clip(one, *ends)) for one in (few.draws, apart))
    middle = np.log2(np.clip(many.span, *ends)) - np.log2(np.clip(few.span, *ends))
    return middle, middle + WIDER * (long - short - middle)


def _same_but_for(
    budget: Budget, keys: list[str], known: list[Span]
) -> Iterator[tuple[str, str, list[Span]]]:
    """Cell, setting, and the spans that differ in this budget alone, by how large it is."""
    groups: dict[tuple[Any, ...], list[Span]] = {}
    for one in known:
        groups.setdefault(tuple(one.settings[key] for key in ("model", *keys)), []).append(one)
    # By value, words behind numbers.
    for given in sorted(groups, key=lambda each: [(isinstance(one, str), one) for one in each]):
        model, *values = given
        setting = named(zip(keys, values, strict=True))
        yield model, setting, sorted(groups[given], key=lambda one: budget.amount(one.settings))
