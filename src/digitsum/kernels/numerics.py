"""What the kernels share: a matrix product for small matrices, tanh and sigmoid.

Literals are avoided in the kernels, since Numba would widen a float32 beside them to float64:
1 - z^2 times d is written d - d z z.
"""

import math
from typing import Any

import numpy as np
import torch
from numba import njit, types
from numba.extending import overload
from torch import Tensor

# Contraction to fused multiply-add is all we allow: NaN and infinity must stay what they are.
FAST = {"contract"}
OPTIONS: Any = {"fastmath": FAST, "cache": True, "error_model": "numpy"}
compiled = njit(parallel=True, nogil=True, **OPTIONS)
inlined = njit(**OPTIONS)

# Rational approximation x P(x^2) / Q(x^2) on [-9, 9], where float32 tanh is 1 beyond; fitted by
# iterated weighted least squares to a relative error of 2e-8, below half a unit of float32.
LIMIT = np.float32(9.0)
P0, P1, P2, P3, P4 = map(
    np.float32, (1.0, 1.338104381e-1, 3.495608958e-3, 2.060939707e-5, 1.335504719e-8)
)
Q1, Q2, Q3, Q4 = map(np.float32, (4.671435945e-1, 2.587706335e-2, 3.285667657e-4, 7.776726727e-7))
HALF = np.float32(0.5)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent; in float32 within 4e-7 and vectorised, in float64 the C library's."""
    return math.tanh(x)


def sigmoid(x: Any) -> Any:
    """Logistic function 1 / (1 + exp(-x)), as (1 + tanh(x/2)) / 2."""
    return 0.5 + 0.5 * math.tanh(0.5 * x)


def _tanh32(x: Any) -> Any:
    # Written so that NaN passes: a comparison with it is false.
    x = LIMIT if x > LIMIT else x
    x = -LIMIT if x < -LIMIT else x
    s = x * x
    return (
        x
        * (P0 + s * (P1 + s * (P2 + s * (P3 + s * P4))))
        / (P0 + s * (Q1 + s * (Q2 + s * (Q3 + s * Q4))))
    )


def _sigmoid32(x: Any) -> Any:
    return HALF + HALF * tanh(HALF * x)


def _tanh64(x: Any) -> Any:
    return math.tanh(x)


def _sigmoid64(x: Any) -> Any:
    return 0.5 + 0.5 * math.tanh(0.5 * x)


@overload(tanh, jit_options=OPTIONS)
def _tanh(x: Any) -> Any:
    return _tanh32 if x == types.float32 else _tanh64


@overload(sigmoid, jit_options=OPTIONS)
def _sigmoid(x: Any) -> Any:
    return _sigmoid32 if x == types.float32 else _sigmoid64


@inlined
def add_product(out: Any, a: Any, m: Any) -> None:
    """out += a m, for out [B, N], a [B, K], m [K, N].

    Eight rows of m at a time, so that `out` is loaded and stored an eighth as often; the inner
    loop over contiguous columns becomes vector instructions.
    """
    batch, inner = a.shape
    eights = inner // 8 * 8
    for b in range(batch):
        for k in range(0, eights, 8):
            a0, a1, a2, a3 = a[b, k], a[b, k + 1], a[b, k + 2], a[b, k + 3]
            a4, a5, a6, a7 = a[b, k + 4], a[b, k + 5], a[b, k + 6], a[b, k + 7]
            for n in range(m.shape[1]):
                out[b, n] += (
                    (a0 * m[k, n] + a1 * m[k + 1, n]) + (a2 * m[k + 2, n] + a3 * m[k + 3, n])
                ) + ((a4 * m[k + 4, n] + a5 * m[k + 5, n]) + (a6 * m[k + 6, n] + a7 * m[k + 7, n]))
        for k in range(eights, inner):
            one = a[b, k]
            for n in range(m.shape[1]):
                out[b, n] += one * m[k, n]


def arrays(*tensors: Tensor) -> list[Any]:
    """Tensors as NumPy views of the same memory (copied where they aren't contiguous)."""
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def states(rows: Tensor, like: Tensor, size: int, initial: bool = False) -> Tensor:
    """Room for something at every time: [R, T, B, size], one time more with an `initial` state."""
    replicas, batch, length = rows.shape
    return torch.empty(replicas, length + initial, batch, size, dtype=like.dtype)
