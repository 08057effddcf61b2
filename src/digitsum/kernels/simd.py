"""Eight numbers side by side, as a value that a compiled function can hold in a register.

LLVM turns a loop over a row into vector instructions by itself, but it neither keeps a block of a
product in registers nor knows that the arrays of a step don't overlap. `Lanes` says both: a sum, a
product, a tanh of lanes is written as that of numbers. On a processor of narrower vectors LLVM
splits them.

Nothing is rounded but where these operations say so, whatever LLVM makes of it: a compiled copy
and another compilation give the same numbers.
"""

import operator
from typing import Any

from llvmlite import ir
from llvmlite.binding import (
    get_host_cpu_features,
    get_process_triple,
)
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
# Where a processor has no fused multiply-add (all of the last ten years have), two roundings.
_FEATURES = get_host_cpu_features()
FUSES = bool(_FEATURES.get("fma")) or get_process_triple().startswith(("aarch64", "arm64"))
# Thirty-two registers of eight floats, where others have sixteen.
MANY_REGISTERS = bool(_FEATURES.get("avx512vl"))
operation: Any = intrinsic  # whose own type has the first argument that Numba fills in


class Lanes(types.Type):
    """The Numba type of eight elements of `dtype`."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


@register_model(Lanes)
class _InRegister(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        element = ir.FloatType() if lanes.dtype == types.float32 else ir.DoubleType()
        super().__init__(manager, lanes, ir.VectorType(element, LANES))


def _address(context: Any, builder: Any, array_type: Any, array: Any, indices: Any) -> Any:
    view = context.make_array(array_type)(context, builder, value=array)
    pointer: Any = cgutils.get_item_pointer
    first = pointer(context, builder, array_type, view, indices, wraparound=False)
    return builder.bitcast(first, context.get_value_type(Lanes(array_type.dtype)).as_pointer())


@operation
def load(typing: Any, array: Any, i: Any, j: Any) -> Any:
    """array[i, j : j + 8], for rows that are contiguous; the indices aren't checked."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], args[0], args[1:])
        lanes = builder.load(address)
        lanes.align = array.dtype.bitwidth // 8
        return lanes

    return Lanes(array.dtype)(array, types.intp, types.intp), code


@operation
def store(typing: Any, array: Any, i: Any, j: Any, lanes: Any) -> Any:
    """array[i, j : j + 8] = lanes."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], args[0], args[1:3])
        builder.store(args[3], address).align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, lanes), code


def _everywhere(builder: Any, number: Any, vector: Any) -> Any:
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, nothing, zeros)


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
        return _fused(builder, _everywhere(builder, factor, lanes.type), lanes, total)

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
        value if isinstance(kind, Lanes) else _everywhere(builder, value, vector)
        for value, kind in zip(args, signature.args, strict=True)
    ]


@operation
def filled(typing: Any, like: Any, number: Any) -> Any:
    """One number in every lane, of the kind of `like`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _everywhere(builder, args[1], args[0].type)

    return like(like, like.dtype), code


@operation
def element(typing: Any, lanes: Any, index: Any) -> Any:
    """One of the eight numbers."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.extract_element(*args)

    return lanes.dtype(lanes, types.int32), code


@operation
def replaced(typing: Any, lanes: Any, index: Any, number: Any) -> Any:
    """The same with another number at `index`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes, index, number = args
        return builder.insert_element(lanes, number, index)

    return lanes(lanes, types.int32, lanes.dtype), code


@operation
def turned(typing: Any, rows: Any) -> Any:
    """Eight lanes as the rows of a square -> its columns."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        each = cgutils.unpack_tuple(builder, args[0], LANES)
        columns = []
        for j in range(LANES):
            column = ir.Constant(each[0].type, ir.Undefined)
            for i in range(LANES):
                number = builder.extract_element(each[i], ir.IntType(32)(j))
                column = builder.insert_element(column, number, ir.IntType(32)(i))
            columns.append(column)
        return context.make_tuple(builder, signature.return_type, columns)

    return rows(rows), code


@operation
def select_less(typing: Any, x: Any, limit: Any, yes: Any, no: Any) -> Any:
    """Lane by lane `yes` where x < limit, a number, else (so for NaN) `no`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, limit, yes, no = args
        below = builder.fcmp_ordered("<", x, _everywhere(builder, limit, x.type))
        return builder.select(below, yes, no)

    return yes(x, x.dtype, yes, no), code


@operation
def at_most(typing: Any, x: Any, high: Any) -> Any:
    """The lesser of x and a number; NaN stays NaN."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, high = args[0], _everywhere(builder, args[1], args[0].type)
        return builder.select(builder.fcmp_ordered("<", high, x), high, x)

    return x(x, x.dtype), code


@operation
def clamp(typing: Any, x: Any, low: Any, high: Any) -> Any:
    """x between two numbers; NaN stays NaN."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x = args[0]
        low, high = (_everywhere(builder, number, x.type) for number in args[1:])
        x = builder.select(builder.fcmp_ordered("<", high, x), high, x)
        return builder.select(builder.fcmp_ordered(">", low, x), low, x)

    return x(x, x.dtype, x.dtype), code


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
        whole = ir.VectorType(ir.IntType(32), LANES)
        bits = builder.shl(builder.bitcast(args[0], whole), ir.Constant(whole, [23] * LANES))
        bits = builder.add(bits, ir.Constant(whole, [127 << 23] * LANES))
        return builder.bitcast(bits, args[0].type)

    return k(k), code


def _between(name: str) -> Any:
    """Lanes and lanes, or lanes and a number (which then stands in every lane)."""

    @operation
    def combine(typing: Any, x: Any, y: Any) -> Any:
        lanes = x if isinstance(x, Lanes) else y
        given = [one if isinstance(one, Lanes) else lanes.dtype for one in (x, y)]

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            both = _as_lanes(context, builder, signature, args, lanes)
            return getattr(builder, name)(*both)

        return lanes(*given), code

    return combine


def _means(symbol: Any, combine: Any) -> None:
    def chosen(x: Any, y: Any) -> Any:
        if isinstance(x, Lanes) or isinstance(y, Lanes):
            return lambda x, y: combine(x, y)
        return None

    overload(symbol, strict=False, jit_options={"_nrt": False})(chosen)


_means(operator.add, _between("fadd"))
_means(operator.sub, _between("fsub"))
_means(operator.mul, _between("fmul"))
_means(operator.truediv, _between("fdiv"))


@overload(operator.neg, strict=False, jit_options={"_nrt": False})
def _negative(x: Any) -> Any:
    return (lambda x: 0 - x) if isinstance(x, Lanes) else None
