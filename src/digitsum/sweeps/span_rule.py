"""How far back does a cell remember: which jobs to run next, by what the ones before have found.

A search is a generator. It yields jobs, is sent what they found, in their order, and ends with a
`Found`; so the same answers give the same search, whoever runs the jobs, and however many at once.
The rule in words, and how often it is wrong: docs/method.md.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from digitsum.sweeps.crossing import HALF, Crossed, crossed

Array = np.ndarray[Any, Any]
FRESH = 1000  # the first seed of what the span is made of; the search's own are below
LOWEST, HIGHEST = -10, 0  # of rates: 1e-5 to 1
NEAR = 2  # by how much lengths may differ whose answers say which rate suits both
WIDEST = 3  # rates on either side of the one that a length begins with


class Ask(NamedTuple):
    """A job: so many replicas from a seed on, at a length and a learning rate."""

    length: int
    lr: float
    seed: int
    replicas: int


class Answer(NamedTuple):
    """What it found, of each replica: best dev and test accuracy [R]."""

    dev: Array
    test: Array


Asking = Generator[list[Ask], list[Answer], Any]


@dataclass(frozen=True)
class Rule:
    """How much is asked.

    Args:
        shortest, longest: between which lengths.
        factor: how close a bracket around one half is to be, and the interval's ends.
        few: replicas of a rate, at first and again for the better half.
        batch, most: fresh replicas of a length, at first and at most.
        first_rate: tried first at the shortest length, as a power: -6 is 0.001.
    """

    shortest: int = 5
    longest: int = 1280
    factor: float = 1.25
    few: int = 4
    batch: int = 16
    most: int = 64
    first_rate: int = -6


class Found(NamedTuple):
    """The end of a search: the span with what it was made of, None where no length brackets one
    half; `beyond` where the longest was above it for sure.
    """

    crossed: Crossed | None
    beyond: bool
    fresh: dict[int, Array]


def rate(power: int) -> float:
    """1, 3, 10, ... : -6 is 0.001, -5 is 0.003."""
    whole, half = divmod(power, 2)
    return float(f"{(3 if half else 1) * 10.0**whole:.3g}")


@dataclass
class _Rates:
    """What is known of the rates at one length."""

    dev: dict[int, Array] = field(default_factory=dict)
    test: dict[int, Array] = field(default_factory=dict)

    def add(self, power: int, answer: Answer) -> None:
        known = self.dev.get(power, np.zeros(0)), self.test.get(power, np.zeros(0))
        self.dev[power] = np.concatenate([known[0], np.nan_to_num(answer.dev)])
        self.test[power] = np.concatenate([known[1], np.nan_to_num(answer.test)])

    def ranked(self, among: Iterable[int], start: int) -> list[int]:
        """Best on dev first; of equals the closest to where it began, then the lower."""
        return sorted(among, key=lambda k: (-float(self.dev[k].mean()), abs(k - start), k))


def at_a_length(rule: Rule, known: _Rates, length: int, start: int) -> Asking:
    """The rate that is best on dev, and the mean test accuracy with it: (power, mean).

    Three rates around `start`; more where the best is at the edge; then the better half again, with
    other seeds.
    """
    reach = range(max(LOWEST, start - WIDEST), min(HIGHEST, start + WIDEST) + 1)
    wanted = [one for one in (start - 1, start, start + 1) if one in reach]
    while wanted:
        answers = yield [Ask(length, rate(one), 0, rule.few) for one in wanted]
        for one, answer in zip(wanted, answers, strict=True):
            known.add(one, answer)
        best = known.ranked(known.dev, start)[0]
        wanted = [one for one in (best - 1, best + 1) if one in reach and one not in known.dev]
    better = known.ranked(known.dev, start)[: -(-len(known.dev) // 2)]
    answers = yield [Ask(length, rate(one), rule.few, rule.few) for one in better]
    for one, answer in zip(better, answers, strict=True):
        known.add(one, answer)
    best = known.ranked(better, start)[0]
    return best, float(known.test[best].mean())


def search(rule: Rule) -> Asking:
    """Lengths doubled until one half is crossed, the bracket halved; then fresh replicas. Where the
    longest is above one half, but not for sure, its bracket ends there.
    """
    known: dict[int, _Rates] = defaultdict(_Rates)
    power, length, lower, upper = rule.first_rate, rule.shortest, 0, 0
    while not upper:
        power, mean = yield from at_a_length(rule, known[length], length, power)
        if mean < HALF:
            upper = length
        elif length < rule.longest:
            lower, length = length, min(2 * length, rule.longest)
        elif length == rule.shortest or math.isinf(
            crossed({length: known[length].test[power]}).low
        ):
            return Found(None, True, {})
        else:
            lower, upper = max(rule.shortest, math.ceil(length / rule.factor)), length
    if not lower:
        return Found(None, False, {})
    while upper / lower > rule.factor:
        length = round(math.sqrt(lower * upper))
        if length in (lower, upper):
            break
        power, mean = yield from at_a_length(rule, known[length], length, power)
        lower, upper = (length, upper) if mean >= HALF else (lower, length)
    power = yield from _settled(rule, known, [lower, upper], power)
    return (yield from _measured(rule, [lower, upper], rate(power)))


def _settled(rule: Rule, known: dict[int, _Rates], lengths: list[int], start: int) -> Asking:
    """One rate for the bracket: the two that are best on dev over the lengths near it are asked
    four times as often at its ends, and the better one stays.
    """
    near = [one for one in known if NEAR * min(lengths) >= one >= max(lengths) / NEAR]
    often = Counter(power for one in near for power in known[one].dev)
    both = sorted(power for power, count in often.items() if count == max(often.values()))

    def over_all(power: int) -> tuple[float, int]:
        dev = [known[one].dev[power].mean() for one in near if power in known[one].dev]
        return -float(np.mean(dev)), abs(power - start)

    first = sorted(both, key=over_all)[:2]
    asked = [(length, one) for length in lengths for one in first]
    seed = 2 * rule.few
    answers = yield [Ask(length, rate(one), seed, 2 * seed) for length, one in asked]
    for (length, one), answer in zip(asked, answers, strict=True):
        known[length].add(one, answer)
    return min(first, key=over_all)


def _measured(rule: Rule, lengths: list[int], lr: float) -> Asking:
    """Fresh replicas at the bracket's ends, and further out as long as the interval reaches there;
    more of them until it is as narrow as wanted.
    """
    fresh: dict[int, Array] = {}
    count = rule.batch
    while True:
        asks = []
        for length in lengths:
            have = len(fresh.get(length, ()))
            if have < count:
                asks.append(Ask(length, lr, FRESH + have, count - have))
        answers = yield asks
        for ask, answer in zip(asks, answers, strict=True):
            known = fresh.get(ask.length, np.zeros(0))
            fresh[ask.length] = np.concatenate([known, np.nan_to_num(answer.test)])
        found = crossed(fresh)
        further = []
        if found.low == 0 and min(lengths) > rule.shortest:
            further.append(max(rule.shortest, math.floor(min(lengths) / rule.factor)))
        if math.isinf(found.high) and max(lengths) < rule.longest:
            further.append(min(rule.longest, math.ceil(max(lengths) * rule.factor)))
        if further:
            lengths = sorted({*lengths, *further})
        else:
            narrow = found.low > 0 and min(found.high, rule.longest) / found.low <= rule.factor
            if narrow or count >= rule.most:
                return Found(found, False, fresh)
            count = min(rule.most, count + rule.batch)
