"""Where accuracy falls through one half: the closest falling curve, and its interval."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
HALF = 0.5
RESAMPLES = 2000
# A search stops where its interval is narrow, and such an interval misses more often than it says:
# by simulation, 1 % on either side of the bootstrap's draws is 95 % of such searches.
TAIL = 0.01


def falling(values: Array) -> Array:
    """The closest curves [..., L] that never rise: least squares (Barlow et al. 1972, eq. 1.9)."""
    length = values.shape[-1]
    sums = np.cumsum(np.concatenate([np.zeros_like(values[..., :1]), values], -1), -1)
    fitted = np.empty_like(values)
    for i in range(length):
        # The least over starts of the greatest over ends of the means of stretches around i.
        greatest = [
            np.max([(sums[..., e] - sums[..., s]) / (e - s) for e in range(i + 1, length + 1)], 0)
            for s in range(i + 1)
        ]
        fitted[..., i] = np.min(greatest, 0)
    return fitted


def crossing(lengths: Array, accuracy: Array) -> Array:
    """Where falling curves [..., L] fall through one half: [...]; 0 where they begin below it,
    infinite where they end above.
    """
    above = accuracy >= HALF
    last = above.sum(-1) - 1  # of those above one half, since the curve falls
    inner = np.clip(last, 0, len(lengths) - 2)
    here, there = (np.take_along_axis(accuracy, (inner + k)[..., None], -1)[..., 0] for k in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(here > there, (here - HALF) / (here - there), 0).clip(0, 1)
    logs = np.log(lengths)
    found = np.exp(logs[inner] + share * (logs[inner + 1] - logs[inner]))
    return np.where(last < 0, 0, np.where(last == len(lengths) - 1, np.inf, found))


class Crossed(NamedTuple):
    """Where, its 95 % interval, and the bootstrap's draws, by which two can be compared."""

    span: float
    low: float
    high: float
    draws: Array


def crossed(accuracies: Mapping[int, Array]) -> Crossed:
    """From accuracies of replicas [R] at each length; one that has none has learnt nothing."""
    lengths = np.array(sorted(accuracies))
    stream = np.random.default_rng(0)
    means, drawn = [], []
    for length in lengths.tolist():
        known = np.nan_to_num(accuracies[length])
        index = stream.integers(0, len(known), (RESAMPLES, len(known)))
        means.append(known.mean())
        drawn.append(known[index].mean(-1))
    draws = crossing(lengths, falling(np.stack(drawn, -1)))
    low, high = np.quantile(draws, [TAIL, 1 - TAIL], method="inverted_cdf")
    centre = crossing(lengths, falling(np.array(means)))
    return Crossed(float(centre), float(low), float(high), draws)
