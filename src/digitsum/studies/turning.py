"""Turning points in accuracy against length: how often chance alone would show one."""

from typing import NamedTuple

import numpy as np

from digitsum.statistics import RESAMPLES, Array, difference

TURNS = (20, 25, 30)
CELLS = 2  # the plain and the residual SRN


class Share(NamedTuple):
    """The fraction of resampled curves that turn at each length, and at any of them."""

    single: dict[int, float]
    mean: dict[int, float]
    any_single: float
    any_mean: float


def _turns(curves: Array, places: list[int]) -> Array:
    """Where curves [draws, lengths] fall and then rise: [draws, places]."""
    steps = np.diff(curves, axis=1)
    return np.stack([(steps[:, i - 1] < 0) & (steps[:, i] > 0) for i in places], axis=1)


def turning_points(lengths: Array, values: Array) -> Share:
    """How often a curve of one seed, and of the mean of all, falls to a length and rises after it.

    A single-seed curve takes one replica at each length (runs of different lengths are
    independent); a mean curve resamples all R replicas at each.

    Args:
        lengths: ascending [L], among them 20, 25 and 30, none of them an end.
        values: [L, R].
    """
    stream = np.random.default_rng(0)
    count, replicas = values.shape
    places = [list(lengths).index(length) for length in TURNS]
    one = stream.integers(0, replicas, (RESAMPLES, count, 1))
    many = stream.integers(0, replicas, (RESAMPLES, count, replicas))
    drawn = [np.take_along_axis(values[None], index, axis=2).mean(2) for index in (one, many)]
    single, mean = (_turns(curves, places) for curves in drawn)
    return Share(
        dict(zip(TURNS, single.mean(0).tolist(), strict=True)),
        dict(zip(TURNS, mean.mean(0).tolist(), strict=True)),
        float(single.any(1).mean()),
        float(mean.any(1).mean()),
    )


def dip_probability(lengths: Array, values: Array, length: int) -> float:
    """How likely chance makes the mean at a length fall below both its neighbours' by this much.

    The larger of two permutation p-values (both must hold), times the number of places where a
    turning point is looked for, lengths and cells (Bonferroni); 1 where the mean isn't below both.
    """
    place = list(lengths).index(length)
    compared = [difference(values[place + side], values[place]) for side in (-1, 1)]
    if any(one.mean <= 0 for one in compared):
        return 1.0
    return min(1.0, CELLS * len(TURNS) * max(one.p for one in compared))
