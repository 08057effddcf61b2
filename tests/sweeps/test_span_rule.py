"""The search for a span: against networks whose curve is known, and asked by hand."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitsum.sweeps.crossing import crossed
from digitsum.sweeps.span_rule import FRESH, Answer, Ask, Found, Rule, rate, search

SMALL = Rule(longest=160, factor=1.5, batch=8, most=32)


def run(rule: Rule, answer: Callable[[Ask], Answer]) -> tuple[Found, list[list[Ask]]]:
    """A search to its end, and what it asked in each round."""
    going, rounds = search(rule), []
    asks = next(going)
    try:
        while True:
            rounds.append(asks)
            asks = going.send([answer(one) for one in asks])
    except StopIteration as ended:
        return ended.value, rounds


class Network:
    """Accuracy falls with length as a logistic curve does, best at a rate that may drift."""

    def __init__(self, span: float, steep: float, spread: float, drift: float, seed: int) -> None:
        self.scale, self.steep = span / 1.25 ** (1 / steep), steep
        self.spread, self.drift = spread, drift
        self.stream = np.random.default_rng(seed)

    def mean(self, length: float, lr: float) -> float:
        best = -5 - self.drift * math.log2(length / 5)
        fit = math.exp(-0.12 * (2 * math.log10(lr) - best) ** 2)
        return 0.1 + 0.9 / (1 + (length / self.scale) ** self.steep) * fit

    def truth(self) -> float:
        """Where the best of the rates crosses one half."""
        lengths = np.exp(np.linspace(math.log(4), math.log(2000), 2000))
        best = [max(self.mean(one, rate(k)) for k in range(-10, 1)) for one in lengths]
        return float(np.interp(-0.5, -np.array(best), lengths))

    def __call__(self, ask: Ask) -> Answer:
        mean = self.mean(ask.length, ask.lr)
        room = mean * (1 - mean)
        c = room / min(self.spread**2, 0.9 * room) - 1
        each = self.stream.beta(mean * c, (1 - mean) * c, ask.replicas)
        dev, test = (self.stream.binomial(100, each) / 100 for _ in range(2))
        return Answer(dev + 0.02, test)


CURVES = [
    (30.0, 4.0, 0.1, 0.0),
    (60.0, 2.0, 0.2, 0.2),
    (100.0, 8.0, 0.25, 0.0),
    (14.0, 3.0, 0.15, 0.3),
]


@pytest.mark.parametrize("curve", CURVES)
def test_the_interval_covers_the_truth_and_the_span_is_unbiased(curve: tuple[float, ...]) -> None:
    truth = Network(*curve, seed=0).truth()
    found = [run(Rule(), Network(*curve, seed=seed))[0].crossed for seed in range(200)]
    known = [one for one in found if one is not None]
    assert len(known) == len(found)
    assert 0.93 <= np.mean([one.low <= truth <= one.high for one in known]) <= 0.985
    assert abs(np.mean([one.span / truth for one in known]) - 1) < 0.03


@pytest.mark.parametrize("curve", CURVES[:1])
def test_the_small_search_covers_nine_in_ten(curve: tuple[float, ...]) -> None:
    truth = Network(*curve, seed=0).truth()
    found = [run(SMALL, Network(*curve, seed=seed))[0].crossed for seed in range(200)]
    assert np.mean([one is not None and one.low <= truth <= one.high for one in found]) > 0.87


@pytest.mark.parametrize("curve", [(150.0, 4.0, 0.1, 0.0), (158.0, 4.0, 0.15, 0.0)])
def test_a_span_just_within_the_longest_is_hardly_ever_said_to_be_beyond(
    curve: tuple[float, ...],
) -> None:
    """By the mean of the rate's eight replicas alone it would be in up to 58 %."""
    truth = Network(*curve, seed=0).truth()
    found = [run(Rule(longest=160), Network(*curve, seed=seed))[0] for seed in range(200)]
    ends = [(one.crossed.low, one.crossed.high) for one in found if one.crossed is not None]
    beyond = len(found) - len(ends) + sum(math.isinf(low) for low, _ in ends)
    assert beyond <= 0.05 * len(found)
    assert np.mean([low <= truth <= high for low, high in ends]) >= 0.93


def sure(accuracy: Callable[[int, float], float]) -> Callable[[Ask], Answer]:
    """Replicas that all have the same, but for a hair."""

    def answer(ask: Ask) -> Answer:
        hair = np.arange(ask.replicas) * 1e-6
        value = accuracy(ask.length, ask.lr) - hair
        return Answer(value, value)

    return answer


def step_at(span: float, best: float = 0.001) -> Callable[[Ask], Answer]:
    return sure(lambda n, lr: (0.9 if n < span else 0.2) - 0.02 * abs(math.log10(lr / best)))


def test_lengths_are_doubled_then_bisected() -> None:
    found, rounds = run(Rule(), step_at(100))
    lengths = [sorted({ask.length for ask in one}) for one in rounds]
    searched = [one[0] for one in lengths if len(one) == 1]
    assert list(dict.fromkeys(searched)) == [5, 10, 20, 40, 80, 160, 113, 95]
    assert found.crossed is not None
    assert 95 < found.crossed.span < 113
    assert not found.beyond
    assert set(found.fresh) == {95, 113}


def test_rates_grow_where_the_best_is_at_the_edge_and_start_where_the_last_ended() -> None:
    found, rounds = run(Rule(), step_at(12, best=0.01))
    first = [[ask.lr for ask in one] for one in rounds[:4]]
    assert first == [[0.0003, 0.001, 0.003], [0.01], [0.03], [0.01, 0.03, 0.003]]
    assert [ask.lr for ask in rounds[4]] == [0.003, 0.01, 0.03]  # at the next length
    assert {ask.lr for one in rounds for ask in one if ask.seed >= FRESH} == {0.01}
    assert found.crossed is not None


def test_rates_end_three_on_either_side_and_at_one() -> None:
    _, rounds = run(Rule(longest=5), sure(lambda n, lr: min(0.9, 0.1 + lr)))
    asked = {ask.lr for one in rounds for ask in one}
    assert max(asked) == 0.03
    high = Rule(longest=5, first_rate=0)
    assert {ask.lr for one in run(high, sure(lambda n, lr: lr))[1] for ask in one} == {0.3, 1.0}


def test_the_better_half_is_asked_again_with_other_seeds() -> None:
    _, rounds = run(Rule(longest=5), step_at(100))
    assert rounds[0] == [Ask(5, lr, 0, 4) for lr in (0.0003, 0.001, 0.003)]
    assert [ask.seed for ask in rounds[1]] == [4, 4]
    assert rounds[1][0] == Ask(5, 0.001, 4, 4)


def test_beyond_the_longest_and_none_at_all() -> None:
    found, rounds = run(Rule(longest=50), step_at(1e9))
    assert found == Found(None, True, {})
    assert rounds[-1][0].length == 50
    found, rounds = run(Rule(), step_at(3))
    assert found == Found(None, False, {})
    assert {ask.length for one in rounds for ask in one} == {5}


def test_what_is_above_one_half_at_the_longest_but_not_for_sure_is_measured_there() -> None:
    def wide(ask: Ask) -> Answer:
        mean = 0.9 if ask.length < 50 else 0.55
        value = np.clip(mean + 0.45 * (-1.0) ** np.arange(ask.replicas), 0, 1)
        return Answer(value, value)

    # A factor of 1.25 shorter, or a little less; or the shortest, if that is closer.
    for shortest, longest, shorter in ((5, 50, 40), (5, 53, 43), (45, 50, 45)):
        found, _ = run(Rule(shortest=shortest, longest=longest), wide)
        assert not found.beyond
        assert found.crossed is not None
        assert set(found.fresh) == {shorter, longest}
        assert math.isinf(found.crossed.high)
        assert shorter < found.crossed.low < longest
        # From there to the longest it is narrow enough.
        assert {len(one) for one in found.fresh.values()} == {16}
    alone, rounds = run(Rule(shortest=50, longest=50), wide)
    assert alone == Found(None, True, {})
    assert {ask.length for asks in rounds for ask in asks} == {50}


def test_replicas_are_added_until_the_interval_is_narrow_or_there_are_enough() -> None:
    def wide(ask: Ask) -> Answer:
        mean = 0.9 if ask.length < 18 else (0.55 if ask.length < 22 else 0.45)
        value = np.clip(mean + 0.45 * (-1.0) ** np.arange(ask.replicas), 0, 1)
        return Answer(value, value)

    found, rounds = run(Rule(), wide)
    fresh = [[ask for ask in one if ask.seed >= FRESH] for one in rounds]
    seeds = sorted({(ask.seed, ask.replicas) for one in fresh for ask in one})
    assert seeds[0] == (FRESH, 16)
    assert all(len(values) == 64 for values in found.fresh.values())
    for length in found.fresh:  # no seed twice
        used = [s for one in fresh for ask in one if ask.length == length
                for s in range(ask.seed, ask.seed + ask.replicas)]  # fmt: skip
        assert used == list(range(FRESH, FRESH + 64))


def test_an_interval_that_reaches_below_the_shortest_ends_with_enough_replicas() -> None:
    def wide(ask: Ask) -> Answer:
        mean = 0.55 if ask.length < 6 else 0.1
        value = np.clip(mean + 0.45 * (-1.0) ** np.arange(ask.replicas), 0, 1)
        return Answer(value, value)

    found, _ = run(Rule(shortest=5, longest=6), wide)
    assert found.crossed is not None
    assert found.crossed.low == 0
    assert {length: len(one) for length, one in found.fresh.items()} == {5: 64, 6: 64}


def test_fresh_replicas_that_say_otherwise_move_the_bracket() -> None:
    def changed(ask: Ask) -> Answer:
        true_span = 60 if ask.seed >= FRESH else 30
        value = np.full(ask.replicas, 0.9 if ask.length < true_span else 0.1)
        return Answer(value, value)

    found, _ = run(Rule(), changed)
    assert found.crossed is not None
    assert 0.8 * 60 < found.crossed.low <= found.crossed.high < 1.25 * 60


def test_a_replica_without_a_number_has_learnt_nothing() -> None:
    known = {10: np.array([0.9, 0.9, np.nan, 0.9]), 20: np.array([0.0, np.nan, 0.1, 0.0])}
    filled = {10: np.array([0.9, 0.9, 0.0, 0.9]), 20: np.array([0.0, 0.0, 0.1, 0.0])}
    for one, other in zip(crossed(known), crossed(filled), strict=True):
        np.testing.assert_array_equal(one, other)


@given(span=st.floats(6, 900), seed=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_the_same_answers_are_the_same_search(span: float, seed: int) -> None:
    one, other = (run(SMALL, Network(span, 4.0, 0.15, 0.1, seed)) for _ in range(2))
    assert one[1] == other[1]
    for asks in one[1]:
        assert len(set(asks)) == len(asks)
        for ask in asks:
            assert SMALL.shortest <= ask.length <= SMALL.longest


def test_rates_are_round_numbers() -> None:
    told: list[Any] = [rate(k) for k in range(-10, 1)]
    assert told == [1e-5, 3e-5, 1e-4, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
