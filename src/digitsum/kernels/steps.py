"""Printed steps as something that compiled functions can be handed: where their machine code is.

A cell brings two functions of its own, `there` through a sequence and `back`, compiled for each
kind of number; all else (weights, digits, loss, clipping, update) is the same for every cell,
compiled once, and calls the two by their addresses. What they are given and work on:

rows: [T, B], the digit of each example.
table: x W + b for each digit [V, gates x H].
U, U_transposed: the weights of each product [P, H, H].
vectors: [., H].
states: [S, T + 1, B, H]; `there` reads those at 0 and writes the others.
kept: [., T, B, H]; what the way back needs of each time.
terms, d_operands: [., B, H], to work in.
d_states: the gradient by the last state [S, B, H]; replaced by that by the first.
slopes: [., several times x B, H], to work in.
d_table, d_vectors, dU: are added to.
"""

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numba
import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.core.errors import TypingError

from digitsum.kernels import CACHE
from digitsum.kernels.compiling import ADDRESSED
from digitsum.kernels.copies import alone
from digitsum.kernels.lanes import operation
from digitsum.kernels.printed import Step, printed
from digitsum.kernels.symbols import Cell, trace
from digitsum.writing import write_aside

# Dimensions of what the two are given after the rows.
THERE = (2, 3, 2, 4, 4, 3)
BACK = (2, 3, 2, 4, 4, 3, 3, 3, 2, 2, 3)


@dataclass(frozen=True)
class CellStep:
    """A cell's step, printed and loaded.

    The name holds a hash of the printed module, so that a compiled copy on disk is never that of
    another equation.
    """

    name: str
    step: Step


def _kinds(dtype: Any, dimensions: tuple[int, ...]) -> tuple[Any, ...]:
    rows = types.Array(types.int64, 2, "C")
    return rows, *(types.Array(dtype, count, "C") for count in dimensions)


@cache
def addresses(name: str, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Where the machine code of `there` and `back` lies, compiled or loaded from its copy.

    Args:
        name: of a `CellStep` of this process.
    """
    module, number, found = _modules[name], numba.from_dtype(dtype), []
    with alone(f"{name}.{dtype}", f"{name.partition('_')[0]}, part 1 of 2") as folder:
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        for way, dimensions in (("there", THERE), ("back", BACK)):
            made = njit(nogil=True, cache=True, **ADDRESSED)(getattr(module, way))
            signature = types.void(*_kinds(number, dimensions))
            made.compile(signature)
            one = made.overloads[signature.args]
            _compiled.append(made)  # its code lies there as long as it lives
            found.append(one.library.get_pointer_to_function(one.fndesc.llvm_func_name))
    return found[0], found[1]


_compiled: list[Any] = []


def _call(dimensions: tuple[int, ...], given: tuple[Any, ...]) -> Any:
    """The code of a call by address, of a function that Numba has compiled for these arguments."""
    kinds = _kinds(given[1].dtype, dimensions)
    if given != kinds:
        raise TypingError(f"a step is given {given}; it takes {kinds}")

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        convention = context.call_conv
        kind = convention.get_function_type(types.none, kinds)
        function = builder.inttoptr(args[0], kind.as_pointer())
        nothing = cgutils.alloca_once(builder, kind.args[0].pointee)
        error = cgutils.alloca_once(builder, kind.args[1].pointee)
        packed = context.get_arg_packer(kinds).as_arguments(builder, args[1:])
        builder.call(function, [nothing, error, *packed])
        return context.get_dummy_value()

    return types.void(types.int64, *kinds), code


@operation
def there(
    typing: Any, address: Any, rows: Any, table: Any, U: Any, vectors: Any, states: Any, kept: Any,
    terms: Any,
) -> Any:  # fmt: skip
    """Through a sequence."""
    return _call(THERE, (rows, table, U, vectors, states, kept, terms))


@operation
def back(
    typing: Any, address: Any, rows: Any, table: Any, U_transposed: Any, vectors: Any, states: Any,
    kept: Any, d_states: Any, slopes: Any, d_operands: Any, d_table: Any, d_vectors: Any, dU: Any,
) -> Any:  # fmt: skip
    """The way back through it."""
    given = (rows, table, U_transposed, vectors, states, kept, d_states, slopes, d_operands)
    return _call(BACK, (*given, d_table, d_vectors, dU))


def step_of(cell: Cell) -> CellStep:
    """Derive, print and load a cell's step; the module stays in the cache, to be read.

    Raises:
        TypeError: the step does what can't be derived; see `symbols.trace`.
    """
    step = printed(trace(cell))
    digest = hashlib.sha256(step.source.encode()).hexdigest()[:12]
    name = f"{type(cell).__name__}_{digest}"
    if name not in _modules:
        _load(name, step.source)
    return CellStep(name, step)


_modules: dict[str, ModuleType] = {}


def _load(name: str, source: str) -> None:
    path = CACHE / f"{name}.py"
    if not path.exists():
        write_aside(path, source.encode())
    spec = importlib.util.spec_from_file_location(f"digitsum_steps.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    _modules[name] = module
