"""A point of the curves as named scalars: the mean over replicas with its interval."""

import math

from torch import Tensor

from digitsum.statistics import interval, mean

EACH_REPLICA_UP_TO = 4  # with more, a chart of each replica's scalar hides more than it shows


def tag(name: str) -> str:
    """`dev_loss` -> `dev/loss`, so that TensorBoard groups by split."""
    return name.replace("_", "/")


def scalars(point: dict[str, Tensor]) -> dict[str, float]:
    """Mean over replicas with its interval, and each replica where there are few."""
    found: dict[str, float] = {}
    for name, values in point.items():
        place, each = tag(name), values.tolist()
        known = [value for value in each if math.isfinite(value)]
        if not known:
            continue
        found[place] = mean(known)
        if len(known) > 1:
            found[f"{place}_low"], found[f"{place}_high"] = interval(known, resamples=500)
        if 1 < len(each) <= EACH_REPLICA_UP_TO:
            pairs = enumerate(each)
            found |= {f"{place}_replica/{i}": value for i, value in pairs if math.isfinite(value)}
    return found
