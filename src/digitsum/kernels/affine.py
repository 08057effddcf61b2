"""Each replica's x W + b, and its gradients."""

from typing import Any

import numpy as np
from numba import prange

from digitsum.kernels.numerics import Array, compiled
from digitsum.kernels.product import add_product


@compiled
def _forward(x: Any, W: Any, b: Any, y: Any) -> None:
    for r in prange(len(x)):
        for n in range(x.shape[1]):
            for k in range(y.shape[2]):
                y[r, n, k] = b[r, 0, k]
        add_product(y[r], x[r], W[r])


@compiled
def _backward(dy: Any, x: Any, W: Any, dx: Any, dW: Any, db: Any) -> None:
    for r in prange(len(x)):
        if dx.size:
            add_product(dx[r], dy[r], W[r].T.copy())
        add_product(dW[r], x[r].T, dy[r])
        for n in range(dy.shape[1]):
            for k in range(dy.shape[2]):
                db[r, 0, k] += dy[r, n, k]


def forward(x: Array, W: Array, b: Array) -> Array:
    """x [R, N, E], W [R, E, K], b [R, 1, K] -> y [R, N, K]."""
    y = np.empty((*x.shape[:2], W.shape[2]), W.dtype)
    _forward(x, W, b, y)
    return y


def backward(dy: Array, x: Array, W: Array, needs_dx: bool = True) -> tuple[Array, Array, Array]:
    """The gradient by y -> those by x (empty where not needed), W and b."""
    dx = np.zeros_like(x) if needs_dx else np.empty((0, 0, 0), x.dtype)
    dW, db = np.zeros_like(W), np.zeros((len(W), 1, W.shape[2]), W.dtype)
    _backward(dy, x, W, dx, dW, db)
    return dx, dW, db
