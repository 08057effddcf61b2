"""What the kernels share: how they are compiled, tanh and sigmoid.

Literals are avoided in the kernels, since Numba would widen a float32 beside them to float64:
1 - z^2 times d is written d - d z z.
"""

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

Array = np.ndarray[Any, Any]

# Contraction to fused multiply-add is all we allow: NaN and infinity must stay what they are.
FAST = {"contract"}
OPTIONS: Any = {"fastmath": FAST, "cache": True, "error_model": "numpy"}
compiled = njit(parallel=True, nogil=True, **OPTIONS)
inlined = njit(**OPTIONS)

# Rational approximation x P(x^2) / Q(x^2) of tanh on [-9.2, 9.2], fitted by iterated weighted least
# squares to a relative error of 5e-11; beyond, tanh is 1 in float32. It is evaluated in float64,
# since backpropagation needs 1 - tanh^2 to vanish exactly where torch's does: a last bit wrong near
# 1 keeps gradients alive that have died.
LIMIT = 9.2
HALF = np.float32(0.5)
P0, P1, P2, P3, P4, P5 = (
    9.99999999953397056e-01,
    1.40926484941717667e-01,
    4.41720209720240092e-03,
    4.20480796505650823e-05,
    1.09878753832605638e-07,
    3.59341568438231639e-11,
)
Q1, Q2, Q3, Q4, Q5 = (
    4.74259817767757774e-01,
    2.91704755990130973e-02,
    4.99150820725111641e-04,
    2.58287468332605309e-06,
    2.90306280349949653e-09,
)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent: of a float32 vectorised, of a float64 the C library's."""
    return math.tanh(x)


def sigmoid(x: Any) -> Any:
    """Logistic function 1 / (1 + exp(-x)), as (1 + tanh(x/2)) / 2."""
    return 0.5 + 0.5 * math.tanh(0.5 * x)


def _tanh32(x: Any) -> Any:
    # Written so that NaN passes: a comparison with it is false.
    y: Any = np.float64(x)
    y = LIMIT if y > LIMIT else y
    y = -LIMIT if y < -LIMIT else y
    s = y * y
    p = P0 + s * (P1 + s * (P2 + s * (P3 + s * (P4 + s * P5))))
    q = 1.0 + s * (Q1 + s * (Q2 + s * (Q3 + s * (Q4 + s * Q5))))
    return np.float32(y * p / q)


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
def flat(matrix: Any) -> Any:
    """The elements [B x N] of a contiguous matrix [B, N], for loops that need no rows."""
    return matrix.reshape(matrix.size)
