"""Printed steps as something that compiled functions can be handed: a value whose type is the cell.

`forward`, `backward` and `gather` stand for those of whatever cell they are called with; Numba
looks them up by the type when it compiles the call. The type's name holds the hash of the printed
module, so that a compiled copy on disk is never that of another equation.
"""

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from numba import types
from numba.extending import (
    NativeValue,
    models,
    overload,
    register_model,
    typeof_impl,
    unbox,
)

from digitsum.kernels import CACHE
from digitsum.kernels.numerics import UNCOUNTED
from digitsum.kernels.printed import Step, printed
from digitsum.kernels.symbols import Cell, trace
from digitsum.writing import write_aside


@dataclass(frozen=True)
class CellStep:
    """A cell's step, printed and loaded; compiled functions take it as their first argument."""

    name: str
    step: Step


class _CellType(types.Opaque):
    """The Numba type of one cell's step, equal to another by name."""


register_model(_CellType)(models.OpaqueModel)


@typeof_impl.register(CellStep)
def _(cell: CellStep, context: Any) -> Any:
    return _CellType(cell.name)


@unbox(_CellType)
def _(cell: Any, value: Any, at: Any) -> NativeValue:
    return NativeValue(at.context.get_dummy_value())


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


def forward(
    cell: Any,
    t: Any,
    rows: Any,
    table: Any,
    U: Any,
    vectors: Any,
    states: Any,
    kept: Any,
    terms: Any,
) -> None:
    """One step from time t to t + 1, in place.

    Args:
        rows: [B], the digit of each example.
        table: x W + b for each digit [V, gates x H].
        U: the weights of each product [P, H, H].
        vectors: [., H].
        states: [S, T + 1, B, H]; the state at t is read, that at t + 1 is written.
        kept: [., T, B, H]; what the way back needs of time t is written.
        terms: [., B, H], to work in.
    """  # fmt: skip


def backward(
    cell: Any,
    t: Any,
    at: Any,
    rows: Any,
    U_transposed: Any,
    vectors: Any,
    states: Any,
    kept: Any,
    d_states: Any,
    slopes: Any,
    d_operands: Any,
    d_table: Any,
    d_vectors: Any,
) -> None:
    """The way back from time t + 1 to t.

    Args:
        at: the row of `slopes` from which the gradients by this time's terms are written.
        d_states: the gradient by the state [S, B, H], replaced by that before.
        slopes: [., several times x B, H].
        d_operands: [., B, H], to work in.
        d_table, d_vectors: are added to.
    """  # fmt: skip


def gather(cell: Any, first: Any, last: Any, states: Any, kept: Any, slopes: Any, dU: Any) -> None:
    """dU [P, H, H] += what the times `first` to `last` give, whose slopes stand from row 0 on."""


@overload(forward, jit_options=UNCOUNTED, strict=False)
def _forward(
    cell: Any, t: Any, rows: Any, table: Any, U: Any, vectors: Any, states: Any, kept: Any,
    terms: Any,
) -> Any:  # fmt: skip
    return _modules[cell.name].forward


@overload(backward, jit_options=UNCOUNTED, strict=False)
def _backward(
    cell: Any, t: Any, at: Any, rows: Any, U_transposed: Any, vectors: Any, states: Any, kept: Any,
    d_states: Any, slopes: Any, d_operands: Any, d_table: Any, d_vectors: Any,
) -> Any:  # fmt: skip
    return _modules[cell.name].backward


@overload(gather, jit_options=UNCOUNTED, strict=False)
def _gather(cell: Any, first: Any, last: Any, states: Any, kept: Any, slopes: Any, dU: Any) -> Any:
    return _modules[cell.name].gather
