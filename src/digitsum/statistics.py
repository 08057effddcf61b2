"""Means with honest intervals, and the tests by which claims are judged."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
RESAMPLES = 10_000
CONFIDENCE = 0.95
_NAN = float("nan")


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def interval(values: Sequence[float], resamples: int = RESAMPLES) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over replicas (Efron 1979).

    The resampling is seeded, so that the same values give the same interval. One value has no
    spread to resample: the interval is then NaN, which tables show as unknown.
    """
    if len(values) < 2:
        return _NAN, _NAN
    sample = np.asarray(values, np.float64)
    stream = np.random.default_rng(0)
    means = sample[stream.integers(0, len(sample), (resamples, len(sample)))].mean(1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


class Summary(NamedTuple):
    """Of one number over replicas: `replicas` is how many of them have it.

    As text: `0.933 [0.918, 0.947]`.
    """

    mean: float
    low: float
    high: float
    min: float
    max: float
    replicas: int

    def __str__(self) -> str:
        return with_interval(self.mean, self.low, self.high)


def with_interval(mean: float, low: float, high: float, form: str = ".3f", sign: str = "") -> str:
    """`0.933 [0.918, 0.947]`; the mean alone where one replica has no interval; with `sign="+"`
    each with its sign, but for what rounds to zero: that one differs between processors.
    """
    each = f"{sign}z{form}"
    known = np.isfinite(low)
    return f"{mean:{each}} [{low:{each}}, {high:{each}}]" if known else f"{mean:{each}}"


def summarise(values: Sequence[float | None]) -> Summary:
    """Mean, 95 % interval, min and max of the finite values (a diverged replica has none)."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    if not known:
        return Summary(_NAN, _NAN, _NAN, _NAN, _NAN, 0)
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


class Difference(NamedTuple):
    """Mean of a minus mean of b: 95 % bootstrap interval, two-sided permutation p, sample sizes,
    and the bootstrap's draws [10,000], from which intervals of other levels follow.
    """

    mean: float
    low: float
    high: float
    p: float
    sizes: tuple[int, int]
    draws: Array


def resampled_means(values: Array, stream: np.random.Generator) -> Array:
    """Means of 10,000 resamples of replicas [R] with replacement."""
    return np.asarray(values[stream.integers(0, len(values), (RESAMPLES, len(values)))].mean(1))


def difference(a: Array, b: Array) -> Difference:
    """Compare two independent samples; NaN values are left out.

    The p-value is of the difference of means under exchange of labels, with 10,000 random
    permutations (Phipson and Smyth 2010: the observed one counts, so that p is never zero).
    """
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if not len(a) or not len(b):
        return Difference(_NAN, _NAN, _NAN, 1.0, (len(a), len(b)), np.full(1, _NAN))
    stream = np.random.default_rng(0)
    draws = resampled_means(a, stream) - resampled_means(b, stream)
    low, high = np.quantile(draws, [0.025, 0.975])
    observed = a.mean() - b.mean()
    both = stream.permuted(np.tile(np.concatenate([a, b]), (RESAMPLES, 1)), axis=1)
    under = both[:, : len(a)].mean(1) - both[:, len(a) :].mean(1)
    p = (1 + (np.abs(under) >= abs(observed) - 1e-12).sum()) / (1 + RESAMPLES)
    sizes = (len(a), len(b))
    return Difference(float(observed), float(low), float(high), float(p), sizes, draws)


class Slope(NamedTuple):
    """Least-squares slope of replicas' values against x: 95 % bootstrap interval, permutation
    p-value, and the bootstrap's draws.
    """

    slope: float
    low: float
    high: float
    p: float
    draws: Array


def slope_weights(x: Array) -> Array:
    """What values at `x` [points] are weighted with to give their least-squares slope."""
    return np.asarray((x - x.mean()) / ((x - x.mean()) ** 2).sum())


def slope(x: Array, values: Array) -> Slope:
    """Slope of `values` [points, R] against `x` [points], replicas resampled at each point.

    The p-value permutes all values over the points, 10,000 times, two-sided.
    """
    stream = np.random.default_rng(0)
    weights = slope_weights(x)
    points, replicas = values.shape
    index = stream.integers(0, replicas, (RESAMPLES, points, replicas))
    resampled = np.take_along_axis(values[None], index, axis=2).mean(2) @ weights
    low, high = np.quantile(resampled, [0.025, 0.975])
    observed = values.mean(1) @ weights
    flat = stream.permuted(np.tile(values.ravel(), (RESAMPLES, 1)), axis=1)
    under = flat.reshape(RESAMPLES, points, replicas).mean(2) @ weights
    p = (1 + (np.abs(under) >= abs(observed) - 1e-15).sum()) / (1 + RESAMPLES)
    return Slope(float(observed), float(low), float(high), float(p), resampled)


def probability(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
