"""Means with honest intervals, and the tests by which claims are judged."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
RESAMPLES = 10_000
CONFIDENCE = 0.95


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def interval(values: Sequence[float], resamples: int = RESAMPLES) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over replicas (Efron 1979).

    The resampling is seeded, so that the same values give the same interval. One value has no
    spread to resample: the interval is then NaN, which tables show as unknown.
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    sample = np.asarray(values, np.float64)
    stream = np.random.default_rng(0)
    means = sample[stream.integers(0, len(sample), (resamples, len(sample)))].mean(1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


class Summary(NamedTuple):
    """Of one number over replicas: `count` is how many replicas have it."""

    mean: float
    low: float
    high: float
    min: float
    max: float
    count: int


def summarise(values: Sequence[float | None]) -> Summary:
    """Mean, 95 % interval, min and max of the finite values (a diverged replica has none)."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    if not known:
        return Summary(*[float("nan")] * 5, count=0)
    return Summary(mean(known), *interval(known), min(known), max(known), len(known))


def intervals(
    values: np.ndarray[Any, np.dtype[np.floating]], resamples: int = 2000
) -> tuple[Array, Array, Array]:
    """Mean and 95 % interval of each row of `values` [points, R], leaving NaN replicas out.

    Returns:
        three arrays [points]; NaN where a row has nothing (or, for the interval, one value).
    """
    rows = [row[np.isfinite(row)] for row in np.asarray(values, np.float64)]
    means = [row.mean() if len(row) else np.nan for row in rows]
    bounds = [interval(row.tolist(), resamples) for row in rows]
    return np.array(means), np.array([b[0] for b in bounds]), np.array([b[1] for b in bounds])
