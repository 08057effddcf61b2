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
from digitsum.statistics import difference, interval, intervals, slope, summarise


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
    assert summarise([None, float("nan")]).replicas == 0
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
