"""More functions of a step, on lanes: exponential, logarithm, root, the larger of two, a choice.

Written for `Lanes` of float32 where they can be; sines, and all in float64, go lane by lane to the
C library. NaN and infinities come out as torch has them. A condition is 1 where it holds, else 0.
"""

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from digitsum.kernels.compiling import WITHIN, inlined
from digitsum.kernels.lanes import LANES, element, filled, replaced
from digitsum.kernels.numerics import LN_2, ROUND, grown
from digitsum.kernels.simd import (
    absolute,
    at_least,
    chosen,
    clamp,
    exponent_of,
    first_half_power,
    fused,
    greater,
    mantissa_of,
    maximum,
    minimum,
    root,
    second_half_power,
)

__all__ = [
    "absolute",
    "at_least",
    "chosen",
    "clamp",
    "cosine",
    "divide",
    "exponential",
    "greater",
    "inverse",
    "logarithm",
    "maximum",
    "minimum",
    "root",
    "same",
    "sign",
    "sine",
    "softplus",
    "wins",
    "within",
]

# ln 2 as two numbers, of which a whole number up to 2^9 times the first is exact in float32.
LN_2_HIGH, LN_2_LOW = 0.693145751953125, 1.428606765330187e-06
SQRT_HALF = 0.7071067811865476
LOWEST, HIGHEST = -104.0, 89.0  # beyond which e^x is 0 or infinite in float32
TINY, MANY = 1.1754943508222875e-38, 8388608.0  # the least normal float32, 2^23


@inlined
def same(x: Any) -> Any:
    """x."""
    return x


@inlined
def divide(x: Any, y: Any) -> Any:
    """x / y."""
    return x / y


@inlined
def inverse(x: Any) -> Any:
    """1 / x."""
    return 1.0 / x


@inlined
def sign(x: Any) -> Any:
    """1, 0 or -1: the slope of |x|."""
    return greater(x, 0.0) - greater(0.0, x)


@inlined
def wins(x: Any, y: Any) -> Any:
    """1 where x > y, one half where they are equal: the slope of the larger by x, as torch's."""
    return (greater(x, y) + at_least(x, y)) * 0.5


@inlined
def within(x: Any, low: Any, high: Any) -> Any:
    """1 where low <= x <= high: the slope of clamp."""
    return at_least(x, low) * at_least(high, x)


def exponential(x: Any) -> Any:
    """e^x."""
    raise NotImplementedError("compiled only")


def logarithm(x: Any) -> Any:
    """Natural logarithm."""
    raise NotImplementedError("compiled only")


def softplus(x: Any) -> Any:
    """log(1 + e^x)."""
    raise NotImplementedError("compiled only")


def sine(x: Any) -> Any:
    """Of radians."""
    raise NotImplementedError("compiled only")


def cosine(x: Any) -> Any:
    """Of radians."""
    raise NotImplementedError("compiled only")


def _exp32(x: Any) -> Any:
    y = clamp(x, LOWEST, HIGHEST)
    k = fused(y, 1 / LN_2, ROUND)
    n = k - ROUND
    p = grown(fused(n, -LN_2_LOW, fused(n, -LN_2_HIGH, y)))
    # In two halves, since 2^128 and 2^-149 are no normal float32.
    half = first_half_power(k)
    return fused(p, half, half) * second_half_power(k)


# log(1 + f) = f - s (f - R) for s = f / (2 + f), R = 2 z / 3 + 2 z^2 / 5 + ... and z = s^2: the
# series of the inverse hyperbolic tangent.


def _log32(x: Any) -> Any:
    small = greater(TINY, x)
    y = chosen(small, x * MANY, x)
    m = mantissa_of(y)
    low = greater(SQRT_HALF, m)
    e = exponent_of(y) - low - small * 23.0
    f = chosen(low, m + m, m) - 1.0
    s = f / (f + 2.0)
    z, half = s * s, f * f * 0.5
    rest = z * fused(z, fused(z, fused(z, 2 / 9, 2 / 7), 2 / 5), 2 / 3)
    found = fused(e, LN_2_HIGH, f - (half - fused(s, half + rest, e * LN_2_LOW)))
    found = chosen(at_least(x, math.inf), x, found)
    found = chosen(at_least(0.0, x), filled(x, -math.inf), found)
    found = chosen(greater(0.0, x), filled(x, math.nan), found)
    return chosen(at_least(x, x), found, x)


def _softplus32(x: Any) -> Any:
    t = exponential(-absolute(x))
    s = t / (t + 2.0)
    z = s * s
    high = fused(z, fused(z, fused(z, fused(z, 2 / 17, 2 / 15), 2 / 13), 2 / 11), 2 / 9)
    rest = z * fused(z, fused(z, fused(z, high, 2 / 7), 2 / 5), 2 / 3)
    return maximum(x, 0.0) + fused(s, rest - t, t)


def _softplus64(x: Any) -> Any:
    for i in range(LANES):
        one = element(x, i)
        x = replaced(x, i, max(one, 0.0) + math.log1p(math.exp(-abs(one))))
    return x


def _lane_by_lane(function: Any) -> Any:
    """The C library's, in double precision."""

    def each(x: Any) -> Any:
        for i in range(LANES):
            x = replaced(x, i, function(np.float64(element(x, i))))
        return x

    return each


_exp64, _log64, _sin, _cos = map(_lane_by_lane, (math.exp, math.log, math.sin, math.cos))


@overload(exponential, jit_options=WITHIN, strict=False)
def _(x: Any) -> Any:
    return _exp32 if x.dtype == types.float32 else _exp64


@overload(logarithm, jit_options=WITHIN, strict=False)
def _(x: Any) -> Any:
    return _log32 if x.dtype == types.float32 else _log64


@overload(softplus, jit_options=WITHIN, strict=False)
def _(x: Any) -> Any:
    return _softplus32 if x.dtype == types.float32 else _softplus64


@overload(sine, jit_options=WITHIN, strict=False)
def _(x: Any) -> Any:
    return _sin


@overload(cosine, jit_options=WITHIN, strict=False)
def _(x: Any) -> Any:
    return _cos
