"""The functions of a step, on lanes.

Each is written for `Lanes` of float32, where speed counts, and lane by lane by the C library for
float64. NaN passes through all of them.
"""

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from digitsum.kernels.compiling import WITHIN, inlined
from digitsum.kernels.lanes import LANES, element, filled, replaced
from digitsum.kernels.simd import (
    absolute,
    at_most,
    clamp,
    fused,
    power_of_two,
    select_less,
    with_sign,
)

Array = np.ndarray[Any, Any]

ROUND = 1.5 * 2.0**23  # added to a float32 and taken off again, it rounds to a whole number
LN_2 = 0.6931471805599453
# exp(r) = 1 + r + r^2 (C2 + r (C3 + ...)) for |r| <= ln(2) / 2, fitted by iterated weighted least
# squares to a relative error of exp(r) - 1 of 1.4e-8.
C2, C3, C4, C5, C6 = (
    0.5,
    0.166665460586377,
    0.041666756664096326,
    0.008366287344735537,
    0.0013907231266884362,
)
# tanh is 1 in float32 from here on, and has to be: backpropagation needs 1 - tanh^2 to vanish where
# torch's does.
ONE_FROM = 9.02
HALF_FROM = 0.55  # tanh's own half: above it 1 - 2 / (exp(2 x) + 1) is exact, below it cancels
FARTHEST = 87.0  # whose exponential is a float32 still, and so is its inverse


@inlined
def grown(r: Any) -> Any:
    """exp(r) - 1 for |r| <= ln(2) / 2."""
    rr = r * r
    high = fused(rr, C6, fused(r, C5, C4))
    return fused(rr, fused(rr, high, fused(r, C3, C2)), r)


@inlined
def _power(x: Any, times: float) -> Any:
    """p and s with exp(times x) = (p + 1) s, s being 2^n for the whole n nearest to times x / ln 2.

    Written for short chains of dependent operations: those are what a processor waits for.
    """
    k = fused(x, times / LN_2, ROUND)
    return grown(fused(k - ROUND, -LN_2, x * times)), power_of_two(k)


def exp(x: Any) -> Any:
    """e^x for x <= 87, as softmax has it; 0 below -87. (A step's is `elementary.exponential`.)"""
    raise NotImplementedError("compiled only")


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    raise NotImplementedError("compiled only")


def sigmoid(x: Any) -> Any:
    """Logistic function 1 / (1 + e^-x)."""
    raise NotImplementedError("compiled only")


def relu(x: Any) -> Any:
    """max(x, 0)."""
    raise NotImplementedError("compiled only")


def positive(x: Any) -> Any:
    """1 where x > 0, else 0: the slope of relu."""
    raise NotImplementedError("compiled only")


def _exp32(x: Any) -> Any:
    p, s = _power(clamp(x, -FARTHEST, FARTHEST), 1.0)
    return select_less(x, -FARTHEST, filled(x, 0.0), fused(p, s, s))


def _tanh32(x: Any) -> Any:
    a = at_most(absolute(x), ONE_FROM)
    p, s = _power(a, 2.0)  # exp(2 a) - 1 = p s + s - 1
    q = 1.0 / fused(p, s, s + 1.0)
    return with_sign(select_less(a, HALF_FROM, fused(p, s, s - 1.0) * q, fused(q, -2.0, 1.0)), x)


def _exp64(x: Any) -> Any:
    for i in range(LANES):
        x = replaced(x, i, math.exp(element(x, i)))
    return x


def _tanh64(x: Any) -> Any:
    for i in range(LANES):
        x = replaced(x, i, math.tanh(element(x, i)))
    return x


def _sigmoid32(x: Any) -> Any:
    p, s = _power(clamp(x, -FARTHEST, FARTHEST), -1.0)
    return 1.0 / fused(p, s, s + 1.0)


def _sigmoid64(x: Any) -> Any:
    return 1.0 / (1.0 + exp(-x))


def _relu(x: Any) -> Any:
    return select_less(x, 0.0, filled(x, 0.0), x)


def _positive(x: Any) -> Any:
    return select_less(-x, 0.0, filled(x, 1.0), filled(x, 0.0))


@overload(exp, jit_options=WITHIN, strict=False)
def _exp(x: Any) -> Any:
    return _exp32 if x.dtype == types.float32 else _exp64


@overload(tanh, jit_options=WITHIN, strict=False)
def _tanh(x: Any) -> Any:
    return _tanh32 if x.dtype == types.float32 else _tanh64


@overload(sigmoid, jit_options=WITHIN, strict=False)
def _sigmoid(x: Any) -> Any:
    return _sigmoid32 if x.dtype == types.float32 else _sigmoid64


@overload(relu, jit_options=WITHIN, strict=False)
def _(x: Any) -> Any:
    return _relu


@overload(positive, jit_options=WITHIN, strict=False)
def _(x: Any) -> Any:
    return _positive
