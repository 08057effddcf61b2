"""Functions of lanes, called with arrays of any length."""

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from digitsum.kernels.lanes import LANES, load, store


@cache  # since each that is compiled takes a tenth of a second
def each(function: Any) -> Any:
    """A function of lanes as one of arrays."""

    @njit
    def whole(x: Any, out: Any) -> None:
        for j in range(0, x.shape[1], LANES):
            store(out, 0, j, function(load(x, 0, j)))

    def call(values: Any) -> Any:
        padded = np.ones((1, -(-len(values) // LANES) * LANES), values.dtype)
        padded[0, : len(values)] = values
        out = np.empty_like(padded)
        whole(padded, out)
        return out[0, : len(values)]

    return call
