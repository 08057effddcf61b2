"""Numbers too small for a float's exponent are taken as zero while the kernels run.

What a forgetting cell carries back falls below 1e-38 within some dozen steps, and many processors
take a hundred times as long over such a number as over any other: a two-layer RG-LRU that had
learnt took fifteen times as long a step. Beside any other number of a sum they vanish anyway.
"""

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_process_triple
from numba.core import cgutils, types

from digitsum.kernels.lanes import operation

# Elsewhere they cost little, or the processor is left as it is.
X86 = get_process_triple().startswith(("x86_64", "amd64", "i686"))
# Of the register MXCSR: results are flushed to zero, operands are taken for zero.
FLUSH = 0x8000 | 0x0040
_WORD = ir.IntType(32)


def _register(builder: Any, way: str, place: Any) -> None:
    pointer = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer])
    name = f"llvm.x86.sse.{way}mxcsr"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(place, pointer)])


@operation
def flush(typing: Any) -> Any:
    """From here on, in this thread; -> how it was."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if not X86:
            return _WORD(0)
        place = cgutils.alloca_once(builder, _WORD)
        _register(builder, "st", place)
        before = builder.load(place)
        builder.store(builder.or_(before, _WORD(FLUSH)), place)
        _register(builder, "ld", place)
        return before

    return types.uint32(), code


@operation
def restore(typing: Any, before: Any) -> Any:
    """As it was."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if X86:
            place = cgutils.alloca_once(builder, _WORD)
            builder.store(args[0], place)
            _register(builder, "ld", place)
        return context.get_dummy_value()

    return types.void(types.uint32), code
