"""A point of the curves as named scalars: the mean over replicas with its interval."""

import math
from typing import Literal

from torch import Tensor

from digitsum.statistics import interval, mean


def tag(name: str) -> str:
    """`dev_loss` -> `dev/loss`, so that loggers group by split."""
    return name.replace("_", "/")


def bound(name: str, side: Literal["low", "high"]) -> str:
    """Apart from the means and after them, since a chart of a bound alone says nothing: a chart
    with bands takes all three.
    """
    return f"with_interval/{name}_{side}"


def scalars(point: dict[str, Tensor]) -> dict[str, float]:
    """Mean over replicas with its interval."""
    found: dict[str, float] = {}
    for name, values in point.items():
        known = [value for value in values.tolist() if math.isfinite(value)]
        if not known:
            continue
        found[tag(name)] = mean(known)
        if len(known) > 1:
            low, high = interval(known, resamples=500)
            found |= {bound(name, "low"): low, bound(name, "high"): high}
    return found
