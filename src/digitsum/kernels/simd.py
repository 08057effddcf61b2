"""What can be done with lanes: arithmetic, lane by lane.

Nothing is rounded but where these operations say so, whatever LLVM makes of it: a compiled copy
and another compilation give the same numbers.
"""

import operator
from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features, get_process_triple
from numba.core import cgutils
from numba.extending import overload

from digitsum.kernels.compiling import WITHIN
from digitsum.kernels.lanes import LANES, Lanes, everywhere, operation

# Where a processor has no fused multiply-add (all of the last ten years have), two roundings.
_FEATURES = get_host_cpu_features()
FUSES = bool(_FEATURES.get("fma")) or get_process_triple().startswith(("aarch64", "arm64"))
# Thirty-two registers of eight floats, where others have sixteen.
MANY_REGISTERS = bool(_FEATURES.get("avx512vl"))


def _fused(builder: Any, x: Any, y: Any, z: Any) -> Any:
    if not FUSES:
        return builder.fadd(builder.fmul(x, y), z)
    width = x.type.element.intrinsic_name
    kind = ir.FunctionType(x.type, [x.type] * 3)
    name = f"llvm.fma.v{LANES}{width}"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), (x, y, z))


@operation
def plus(typing: Any, total: Any, factor: Any, lanes: Any) -> Any:
    """total + factor * lanes, for one number `factor`, rounded once."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, factor, lanes = args
        return _fused(builder, everywhere(builder, factor, lanes.type), lanes, total)

    return lanes(lanes, lanes.dtype, lanes), code


@operation
def fused(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """x y + z, rounded once; some of the three may be numbers."""
    lanes = next(one for one in (x, y, z) if isinstance(one, Lanes))

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _fused(builder, *_as_lanes(context, builder, signature, args, lanes))

    return lanes(*[one if isinstance(one, Lanes) else lanes.dtype for one in (x, y, z)]), code


def _as_lanes(context: Any, builder: Any, signature: Any, args: Any, lanes: Lanes) -> list[Any]:
    vector = context.get_value_type(lanes)
    return [
        value if isinstance(kind, Lanes) else everywhere(builder, value, vector)
        for value, kind in zip(args, signature.args, strict=True)
    ]


@operation
def select_less(typing: Any, x: Any, limit: Any, yes: Any, no: Any) -> Any:
    """Lane by lane `yes` where x < limit, a number, else (so for NaN) `no`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, limit, yes, no = args
        below = builder.fcmp_ordered("<", x, everywhere(builder, limit, x.type))
        return builder.select(below, yes, no)

    return yes(x, x.dtype, yes, no), code


@operation
def at_most(typing: Any, x: Any, high: Any) -> Any:
    """The lesser of x and a number; NaN stays NaN."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, high = args[0], everywhere(builder, args[1], args[0].type)
        return builder.select(builder.fcmp_ordered("<", high, x), high, x)

    return x(x, x.dtype), code


@operation
def clamp(typing: Any, x: Any, low: Any, high: Any) -> Any:
    """x between two numbers; NaN stays NaN."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x = args[0]
        low, high = (everywhere(builder, number, x.type) for number in args[1:])
        x = builder.select(builder.fcmp_ordered("<", high, x), high, x)
        return builder.select(builder.fcmp_ordered(">", low, x), low, x)

    return x(x, x.dtype, x.dtype), code


def _of_two(code: Any) -> Any:
    """Lanes and lanes, or lanes and a number (which then stands in every lane)."""

    @operation
    def combine(typing: Any, x: Any, y: Any) -> Any:
        lanes = x if isinstance(x, Lanes) else y
        given = [one if isinstance(one, Lanes) else lanes.dtype for one in (x, y)]

        def inner(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return code(builder, *_as_lanes(context, builder, signature, args, lanes))

        return lanes(*given), inner

    return combine


def _told(builder: Any, condition: Any, vector: Any) -> Any:
    """A condition as lanes: 1 where it holds, else 0."""
    ones, zeros = (ir.Constant(vector, [value] * LANES) for value in (1.0, 0.0))
    return builder.select(condition, ones, zeros)


def _larger(builder: Any, sign: str, x: Any, y: Any) -> Any:
    """x where `x sign y` or x is NaN, else y (where y is NaN, that)."""
    wrong = builder.fcmp_unordered("uno", x, x)
    return builder.select(builder.or_(wrong, builder.fcmp_ordered(sign, x, y)), x, y)


# x > y and x >= y as 1 or 0; the larger and the smaller, NaN where either is.
greater = _of_two(lambda builder, x, y: _told(builder, builder.fcmp_ordered(">", x, y), x.type))
at_least = _of_two(lambda builder, x, y: _told(builder, builder.fcmp_ordered(">=", x, y), x.type))
maximum = _of_two(lambda builder, x, y: _larger(builder, ">", x, y))
minimum = _of_two(lambda builder, x, y: _larger(builder, "<", x, y))


@operation
def chosen(typing: Any, condition: Any, yes: Any, no: Any) -> Any:
    """Lane by lane `yes` where the condition isn't 0, else `no`; either may be a number."""
    given = [one if isinstance(one, Lanes) else condition.dtype for one in (yes, no)]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        holds, yes, no = _as_lanes(context, builder, signature, args, condition)
        zeros = ir.Constant(holds.type, [0.0] * LANES)
        return builder.select(builder.fcmp_unordered("!=", holds, zeros), yes, no)

    return condition(condition, *given), code


def _bits(builder: Any, lanes: Any) -> Any:
    """Of float32 lanes, as whole numbers."""
    return builder.bitcast(lanes, ir.VectorType(ir.IntType(32), LANES))


def _whole(value: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), LANES), [value] * LANES)


def _half_power(second: bool) -> Any:
    """2^m for a float32 k = n + 1.5 x 2^23, m being a half of n, rounded down, or the other."""

    @operation
    def power(typing: Any, k: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            n = builder.sub(_bits(builder, args[0]), _whole(0x4B400000))
            half = builder.ashr(n, _whole(1))
            m = builder.sub(n, half) if second else half
            bits = builder.shl(builder.add(m, _whole(127)), _whole(23))
            return builder.bitcast(bits, args[0].type)

        return k(k), code

    return power


first_half_power, second_half_power = _half_power(False), _half_power(True)


@operation
def mantissa_of(typing: Any, x: Any) -> Any:
    """m from 1/2 to 1 with x = m 2^e, of normal float32 above 0."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.and_(_bits(builder, args[0]), _whole(0x7FFFFF))
        return builder.bitcast(builder.or_(bits, _whole(0x3F000000)), args[0].type)

    return x(x), code


@operation
def exponent_of(typing: Any, x: Any) -> Any:
    """The e of the same, as a float32."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.and_(builder.lshr(_bits(builder, args[0]), _whole(23)), _whole(255))
        return builder.sitofp(builder.sub(bits, _whole(126)), args[0].type)

    return x(x), code


def _of_llvm(name: str) -> Any:
    """The code of an operation that LLVM has an intrinsic function for."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(args[0].type, [one.type for one in args])
        width = args[0].type.element.intrinsic_name
        function = cgutils.get_or_insert_function(builder.module, kind, f"{name}.v{LANES}{width}")
        return builder.call(function, args)

    return code


@operation
def absolute(typing: Any, x: Any) -> Any:
    """|x|."""
    return x(x), _of_llvm("llvm.fabs")


@operation
def root(typing: Any, x: Any) -> Any:
    """The square root of x."""
    return x(x), _of_llvm("llvm.sqrt")


@operation
def with_sign(typing: Any, x: Any, sign: Any) -> Any:
    """|x| with the sign of `sign`."""
    return x(x, sign), _of_llvm("llvm.copysign")


@operation
def power_of_two(typing: Any, k: Any) -> Any:
    """2^n for a float32 k = n + 1.5 x 2^23 and a whole number n from -126 to 127.

    The last bits of such a k are n itself: moved to where a float has its exponent.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.add(builder.shl(_bits(builder, args[0]), _whole(23)), _whole(127 << 23))
        return builder.bitcast(bits, args[0].type)

    return k(k), code


def _means(symbol: Any, combine: Any) -> None:
    def chosen(x: Any, y: Any) -> Any:
        if isinstance(x, Lanes) or isinstance(y, Lanes):
            return lambda x, y: combine(x, y)
        return None

    overload(symbol, strict=False, jit_options=WITHIN)(chosen)


_means(operator.add, _of_two(ir.IRBuilder.fadd))
_means(operator.sub, _of_two(ir.IRBuilder.fsub))
_means(operator.mul, _of_two(ir.IRBuilder.fmul))
_means(operator.truediv, _of_two(ir.IRBuilder.fdiv))


@overload(operator.neg, strict=False, jit_options=WITHIN)
def _negative(x: Any) -> Any:
    return (lambda x: 0 - x) if isinstance(x, Lanes) else None
