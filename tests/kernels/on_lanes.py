"""Functions of lanes, called with arrays of any length."""

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from digitsum.kernels.lanes import LANES, load, store


def padded(values: Any) -> Any:
    """One row of whole lanes, filled up with ones."""
    row = np.ones((1, -(-len(values) // LANES) * LANES), values.dtype)
    row[0, : len(values)] = values
    return row


@cache  # since each that is compiled takes a tenth of a second
def each(function: Any) -> Any:
    """A function of lanes as one of arrays."""

    @njit
    def whole(x: Any, out: Any) -> None:
        for j in range(0, x.shape[1], LANES):
            store(out, 0, j, function(load(x, 0, j)))

    def call(values: Any) -> Any:
        x = padded(values)
        out = np.empty_like(x)
        whole(x, out)
        return out[0, : len(values)]

    return call
