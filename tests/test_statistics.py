import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression
from scipy.stats import bootstrap

from digitsum.questions.span import falling
from digitsum.runs.evaluation import counts
from digitsum.statistics import (
    difference,
    interval,
    intervals,
    probability,
    slope,
    slope_weights,
    summarise,
    with_interval,
)


def test_the_interval_covers_as_often_as_it_says() -> None:
    # 300 samples of 16 normal values: the percentile bootstrap is known to cover a little less
    # than 95 % at this size (Efron and Tibshirani 1993, ch. 14).
    stream = np.random.default_rng(1)
    bounds = [interval(stream.normal(size=16).tolist(), 1000) for _ in range(300)]
    covered = np.mean([low <= 0 <= high for low, high in bounds])
    assert 0.88 <= covered <= 0.97


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_an_interval_holds_the_mean_and_lies_within_the_values(values: list[float]) -> None:
    one = summarise(values)
    slack = 1e-12
    assert one.min - slack <= one.low <= one.high + slack <= one.max + 2 * slack
    assert one.low - slack <= one.mean <= one.high + slack or len(values) < 4


def test_one_value_has_no_spread_and_none_has_nothing() -> None:
    assert math.isnan(interval([0.5])[0])
    nothing = summarise([None, float("nan")])
    assert nothing.replicas == 0
    assert np.isnan(nothing[:5]).all()
    assert with_interval(0.5, float("nan"), float("nan")) == "0.500"
    assert with_interval(0.5, 0.25, 0.75) == "0.500 [0.250, 0.750]"
    # Of which sign a zero is, the processor says.
    assert with_interval(-1e-4, -2e-4, 1e-4) == "0.000 [0.000, 0.000]"
    assert with_interval(-1e-4, -0.1, 1e-4, ".1f", "+") == "+0.0 [-0.1, +0.0]"
    assert summarise([0.5, None]).mean == 0.5


def test_rows_leave_diverged_replicas_out() -> None:
    mean, low, _ = intervals(np.array([[1.0, np.nan], [1.0, 3.0], [np.nan, np.nan]]))
    assert mean[:2].tolist() == [1.0, 2.0]
    assert np.isnan(mean[2])
    assert np.isnan(low[0])


def test_difference_against_the_exact_permutation_test() -> None:
    # All 252 ways of splitting ten values: 2 of them are as extreme as {1..5} against {6..10}.
    a, b = np.arange(6.0, 11), np.arange(1.0, 6)
    found = difference(a, b)
    assert found.mean == 5
    assert found.low > 0
    assert found.p == pytest.approx(2 / 252, abs=0.003)
    assert difference(a, a).p == 1.0


def test_p_values_are_uniform_under_the_null() -> None:
    stream = np.random.default_rng(0)
    p = np.array([difference(*stream.normal(size=(2, 8))).p for _ in range(60)])
    # Of sixty uniform values the share below each of these, within three standard deviations.
    for level in (0.2, 0.5, 0.8):
        spread = (level * (1 - level) / len(p)) ** 0.5
        assert abs((p < level).mean() - level) <= 3 * spread, level


def test_the_bootstrap_against_scipys() -> None:
    stream = np.random.default_rng(0)
    a, b = stream.exponential(1.0, 40), stream.normal(2.0, 0.5, 25)
    for resampled, ours in (
        (bootstrap((a,), np.mean, n_resamples=40_000, method="percentile", rng=1), interval(a)),  # type: ignore[arg-type]
        (
            bootstrap((a, b), apart, n_resamples=40_000, method="percentile", rng=1),
            difference(a, b)[1:3],
        ),
    ):
        theirs = resampled.confidence_interval
        width = theirs.high - theirs.low
        # Both ends, to a fiftieth of the width: 90 % for 95 % would be off by an eleventh.
        assert ours[0] == pytest.approx(theirs.low, abs=width / 50)
        assert ours[1] == pytest.approx(theirs.high, abs=width / 50)


def apart(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(a.mean(axis) - b.mean(axis))


def test_a_difference_is_of_two_independent_samples() -> None:
    """Paired, samples that rise and fall together would differ by next to nothing."""
    a = np.random.default_rng(0).normal(size=100)
    found = difference(a, a + 0.1)
    expected = 2 * 1.96 * (2 * a.var() / 100) ** 0.5
    assert found.high - found.low == pytest.approx(expected, rel=0.05)
    assert found.mean == pytest.approx(-0.1)
    assert found.low < 0 < found.high


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_a_falling_fit_against_scipys(values: list[float]) -> None:
    theirs = isotonic_regression(values, increasing=False).x
    assert falling(np.array(values)) == pytest.approx(theirs, abs=1e-9)


@given(st.integers(1, 4), st.integers(1, 30), st.integers(2, 6), st.randoms())
def test_confusion_is_counted(replicas: int, count: int, classes: int, draw: Any) -> None:
    labels, answers = (
        torch.tensor([[draw.randrange(classes) for _ in range(count)] for _ in range(replicas)])
        for _ in range(2)
    )
    found = counts(answers, labels, classes)
    expected = np.zeros((replicas, classes, classes), int)
    for r in range(replicas):
        for true, said in zip(labels[r].tolist(), answers[r].tolist(), strict=True):
            expected[r, true, said] += 1
    assert (found == expected).all()


def test_slope_by_hand() -> None:
    x = np.array([0.0, 10.0, 20.0])
    values = np.array([[1.0, 1.1], [0.5, 0.6], [0.0, 0.1]])
    found = slope(x, values)
    assert found.slope == pytest.approx(-0.05)
    assert found.high < 0
    assert found.p < 0.1


def test_a_slope_against_the_exact_permutation_test() -> None:
    # Of the six orders of three values two are as steep, ties counted.
    found = slope(np.array([0.0, 1.0, 2.0]), np.array([[0.0], [1.0], [2.0]]))
    assert found.p == pytest.approx(2 / 6, abs=0.02)
    # No permutation comes near: the observed one alone counts, so that p is never zero.
    x, values = np.arange(10.0), np.arange(10.0)[:, None] + np.linspace(-0.1, 0.1, 8)
    assert slope(x, values).p == pytest.approx(1 / 10_001, rel=1e-9)
    assert difference(values[9], values[0]).p == pytest.approx(1 / 10_001, rel=2)


def test_a_slopes_interval_is_that_of_its_replicas() -> None:
    """By hand: variances of the means, weighted by squared weights; every replica counts."""
    x = np.array([0.0, 1.0, 4.0])
    values = np.random.default_rng(0).normal(size=(3, 6)) + x[:, None]
    values[:, 0] += 5
    found = slope(x, values)
    spread = (slope_weights(x) ** 2 @ values.var(1) / 6) ** 0.5
    assert found.draws.mean() == pytest.approx(found.slope, abs=spread / 20)
    assert found.draws.std() == pytest.approx(spread, rel=0.03)
    assert found.low == pytest.approx(np.quantile(found.draws, 0.025))
    assert found.high == pytest.approx(np.quantile(found.draws, 0.975))


def test_nothing_is_no_difference() -> None:
    some, none = np.array([0.1, 0.2, 0.4]), np.array([np.nan, np.nan])
    for a, b, sizes in ((none, some, (0, 3)), (some, none, (3, 0)), (none, none, (0, 0))):
        found = difference(a, b)
        assert np.isnan([found.mean, found.low, found.high]).all()
        assert (found.p, found.sizes) == (1.0, sizes)
        assert np.isnan(found.draws).all()


# Mean, low, high, p of a difference and of a slope; low and high of a mean.
GOLDEN = {
    "difference": (
        0.14700000000000002,
        -0.13399999999999998,
        0.4689999999999999,
        0.4433556644335566,
    ),
    "slope": (-0.16450000000000004, -0.5425, 0.2009899999999987, 0.48535146485351466),
    "interval": (0.17, 0.68),
}


def test_the_same_values_give_the_same_numbers() -> None:
    """Of this release, too: published intervals would change with another stream."""
    a, b = np.array([0.11, 0.23, 0.41, 0.83]), np.array([0.31, 0.05, 0.52, 0.07, 0.29])
    found = difference(a, b)
    assert found[:4] == pytest.approx(GOLDEN["difference"], abs=1e-12)
    steep = slope(np.array([0.0, 1.0]), np.stack([a, a**2]))
    assert steep[:4] == pytest.approx(GOLDEN["slope"], abs=1e-12)
    assert interval(a.tolist()) == pytest.approx(GOLDEN["interval"], abs=1e-12)


def test_a_small_p_is_a_bound() -> None:
    told = [probability(p) for p in (0.00099, 0.001, 0.2)]
    assert told == ["p < 0.001", "p = 0.001", "p = 0.200"]
