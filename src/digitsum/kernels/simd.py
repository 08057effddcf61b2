"""Eight numbers side by side, as a value that a compiled function can hold in a register.

LLVM turns a loop over a row into vector instructions by itself, but it neither keeps a block of a
product in registers nor knows that its three matrices don't overlap; with these three operations
`digitsum.kernels.product` says both. On a processor of narrower vectors LLVM splits them.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
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
        super().__init__(manager, lanes, ir.VectorType(element, LANES))  # type: ignore[no-untyped-call]


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


@operation
def plus(typing: Any, total: Any, factor: Any, lanes: Any) -> Any:
    """total + factor * lanes, for one number `factor`; fused where the processor can."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, factor, lanes = args
        nothing = ir.Constant(lanes.type, ir.Undefined)
        first = builder.insert_element(nothing, factor, ir.IntType(32)(0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        factors = builder.shuffle_vector(first, nothing, everywhere)
        product = builder.fmul(factors, lanes, flags=("contract",))
        return builder.fadd(total, product, flags=("contract",))

    return lanes(lanes, lanes.dtype, lanes), code
