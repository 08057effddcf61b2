"""About how long searches for memory spans still need: their rule played on, by what is known."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, median
from typing import Any, NamedTuple

import numpy as np

from digitsum.sweeps.crossing import HALF
from digitsum.sweeps.span_rule import Answer, Ask, Rule, search
from digitsum.task.question import SUM

Array = np.ndarray[Any, Any]
SPREAD = 0.1  # of accuracy over replicas, where none has been seen
BELOW = 0.05  # by how much a rate that nobody has tried is taken to be worse than the best
STEEP = 3.0  # of the fall beyond the longest length that was asked
PERFECT = 0.995  # what is above has lost nothing that says when it will lose more


class Asked(NamedTuple):
    """A job of a search that is done: `seconds` is None where nobody wrote them down."""

    ask: Ask
    answer: Answer
    seconds: float | None


def to_come(rule: Rule, done: Sequence[Asked]) -> list[Ask]:
    """What a search would still ask, if accuracy goes on as it does so far: on straight lines in
    the logarithm of length, and beyond the longest that was asked on a logistic curve through it.

    Args:
        rule: the search's.
        done: what it has asked, in that order.
    """
    means, spread = _known(done)
    means = means or {rule.shortest: HALF + SPREAD}
    rates: dict[int, list[float]] = {}
    going, told, coming = search(rule), list(done), []
    try:
        asks = next(going)
        while True:
            answers = []
            for ask in asks:
                if told:
                    one = told.pop(0)
                    rates.setdefault(one.ask.length, []).append(one.ask.lr)
                    answers.append(one.answer)
                else:
                    coming.append(ask)
                    answers.append(_expected(ask, means, spread, rates.get(ask.length, [])))
                    rates.setdefault(ask.length, []).append(ask.lr)
            asks = going.send(answers)
    except StopIteration:
        return coming


def _known(done: Sequence[Asked]) -> tuple[dict[int, float], float]:
    """Mean accuracy by length, at the rate that is best on dev; how replicas differ."""
    best: dict[int, tuple[float, Array]] = {}
    for one in done:
        dev, test = np.nan_to_num(one.answer.dev), np.nan_to_num(one.answer.test)
        if one.ask.length not in best or dev.mean() > best[one.ask.length][0]:
            best[one.ask.length] = float(dev.mean()), test
    means = {length: float(test.mean()) for length, (_, test) in sorted(best.items())}
    spreads = [float(test.std()) for _, test in best.values()]
    return means, (fmean(spreads) if spreads else 0.0) or SPREAD


def _expected(ask: Ask, means: dict[int, float], spread: float, tried: Sequence[float]) -> Answer:
    longest = max(means)
    if ask.length > longest:
        mean = _further(ask.length, longest, means[longest])
    else:
        mean = float(np.interp(math.log(ask.length), np.log([*means]), [*means.values()]))
    steps = [NormalDist().inv_cdf((i + 0.5) / ask.replicas) for i in range(ask.replicas)]
    test = np.clip(mean + spread * np.array(steps), 0, 1)
    return Answer(test - BELOW * (bool(tried) and ask.lr not in tried), test)


def _further(length: int, known: int, accuracy: float) -> float:
    """What is above guessing falls as 1 / (1 + (length / scale)^3), from what is known."""
    above = (min(max(accuracy, SUM.chance + BELOW), PERFECT) - SUM.chance) / (1 - SUM.chance)
    lost = (1 / above - 1) * (length / known) ** STEEP
    return float(SUM.chance + (1 - SUM.chance) / (1 + lost))


def seconds_left(rule: Rule, searches: Sequence[Sequence[Asked]]) -> float | None:
    """Of all that is to come, one job after the other; None before any job has said its time."""
    if not any(one.seconds for done in searches for one in done):
        return None
    pairs = zip(searches, takes(searches), strict=True)
    return sum(seconds(one) for done, seconds in pairs for one in to_come(rule, done))


def takes(searches: Sequence[Sequence[Asked]]) -> list[Callable[[Ask], float]]:
    """Of each search, in how many seconds a job of it is done.

    It grows with its length and replicas as this search's jobs have said, else as all searches' on
    average; before any has, it is the job's size.
    """
    known = [_cost(done) for done in searches]
    told = [one for one in known if one is not None]
    usual = (fmean(start for start, _ in told), fmean(each for _, each in told)) if told else (0, 1)

    def taken(start: float, each: float) -> Callable[[Ask], float]:
        return lambda ask: start + each * _size(ask)

    return [taken(*(own or usual)) for own in known]


def _cost(done: Sequence[Asked]) -> tuple[float, float] | None:
    """Seconds of a job of any size, and those more for each unit of size, on the line through the
    medians by size: a cell's first job compiles. None where no job has said its time.
    """
    by_size: dict[float, list[float]] = {}
    for one in done:
        if one.seconds:
            by_size.setdefault(_size(one.ask), []).append(one.seconds)
    if not by_size:
        return None
    sizes, medians = [*by_size], [median(several) for several in by_size.values()]
    if len(sizes) > 1:
        each, start = np.polyfit(sizes, medians, 1)
        if each > 0 and start >= 0:
            return float(start), float(each)
    return 0.0, sum(medians) / sum(sizes)


def _size(ask: Ask) -> float:
    """Replicas are trained eight at a time, so that fewer take as long."""
    return ask.length * -(-ask.replicas // 8)
