"""Eight numbers side by side, as a value that a compiled function can hold in a register.

LLVM turns a loop over a row into vector instructions by itself, but it neither keeps a block of a
product in registers nor knows that the arrays of a step don't overlap. `Lanes` says both: a sum, a
product, a tanh of lanes is written as that of numbers. On a processor of narrower vectors LLVM
splits them.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

LANES = 8
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


def everywhere(builder: Any, number: Any, vector: Any) -> Any:
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, nothing, zeros)


@operation
def filled(typing: Any, like: Any, number: Any) -> Any:
    """One number in every lane, of the kind of `like`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return everywhere(builder, args[1], args[0].type)

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
