"""About how long searches for memory spans still need: their rule played on, by what is known."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import Any, NamedTuple

import numpy as np

from digitsum.sweeps.crossing import HALF
from digitsum.sweeps.span_rule import Answer, Ask, Rule, search

Array = np.ndarray[Any, Any]
SPREAD = 0.1  # of accuracy over replicas, where none has been seen
BELOW = 0.05  # by how much a rate that nobody has tried is taken to be worse than the best


class Asked(NamedTuple):
    """A job of a search that is done: `seconds` is None where nobody wrote them down."""

    ask: Ask
    answer: Answer
    seconds: float | None


def to_come(rule: Rule, done: Sequence[Asked]) -> list[Ask]:
    """What a search would still ask, if accuracy goes on as it does so far: on straight lines in
    the logarithm of length, and below one half at twice the longest that was asked.

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
    lengths = [*means, 2 * max(means)]
    curve = [*means.values(), min(min(means.values()), HALF) - SPREAD]
    mean = float(np.interp(math.log(ask.length), np.log(lengths), curve))
    steps = [NormalDist().inv_cdf((i + 0.5) / ask.replicas) for i in range(ask.replicas)]
    test = np.clip(mean + spread * np.array(steps), 0, 1)
    return Answer(test - BELOW * (bool(tried) and ask.lr not in tried), test)


def seconds_left(rule: Rule, searches: Sequence[Sequence[Asked]]) -> float | None:
    """Of all that is to come, one job after the other; None before any job has said its time.

    A job's time is that of a step in time, by its length and replicas: a search's own, else all
    searches' on average.
    """
    paces = [[one.seconds / _size(one.ask) for one in done if one.seconds] for done in searches]
    everyones = [pace for own in paces for pace in own]
    if not everyones:
        return None
    left = 0.0
    for done, own in zip(searches, paces, strict=True):
        pace = fmean(own or everyones)
        left += sum(pace * _size(one) for one in to_come(rule, done))
    return left


def _size(ask: Ask) -> float:
    """Replicas are trained eight at a time, so that fewer take as long."""
    return ask.length * -(-ask.replicas // 8)
