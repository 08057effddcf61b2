import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    p = [difference(*stream.normal(size=(2, 8))).p for _ in range(60)]
    assert 0 <= np.mean(np.array(p) < 0.2) <= 0.4


def test_slope_by_hand() -> None:
    x = np.array([0.0, 10.0, 20.0])
    values = np.array([[1.0, 1.1], [0.5, 0.6], [0.0, 0.1]])
    found = slope(x, values)
    assert found.slope == pytest.approx(-0.05)
    assert found.high < 0
    assert found.p < 0.1
