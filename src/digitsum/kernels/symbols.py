"""A cell's `step`, called with symbols instead of tensors: what it computes, in order.

Whatever stands side by side in a tensor's last axis (the gates) is a tuple of expressions here,
each of one element. A product with a weight matrix and every tanh, sigmoid or relu get a symbol of
their own, since these are what a kernel computes once and keeps.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sympy as sp
from torch import Tensor

ACTIVATIONS = ("tanh", "sigmoid", "relu")
STATES = ("h", "c")  # how the parts of a state are called


class Cell(Protocol):
    """What is needed of a cell (`digitsum.network.cells.Cell`): its step and its weights."""

    @property
    def gates(self) -> tuple[str, ...]: ...
    @property
    def states(self) -> int: ...
    @property
    def hidden_size(self) -> int: ...
    def step(self, a: Any, state: Any) -> Any: ...
    def named_parameters(self) -> Iterator[tuple[str, Any]]: ...
    def named_buffers(self) -> Iterator[tuple[str, Tensor]]: ...


def named(name: str) -> sp.Symbol:
    """A real number's symbol."""
    return sp.Symbol(name, real=True)


@dataclass(frozen=True)
class Activation:
    """symbol = name(of)."""

    symbol: sp.Symbol
    name: str
    of: sp.Expr


@dataclass(frozen=True)
class Product:
    """symbol = operand times one gate's block of a weight matrix, which starts at `column`."""

    symbol: sp.Symbol
    operand: sp.Expr
    matrix: str
    column: int


@dataclass
class Trace:
    """What a step computes.

    Attributes:
        inputs: the symbols of x_t W + b, one a gate.
        before: those of the state that a step starts from.
        after: the state it ends in, as expressions.
        program: activations and products in the order in which they are computed.
        vectors: weights [R, 1, H] that are used element by element, by name.
    """

    cell: Cell
    inputs: tuple[sp.Symbol, ...]
    before: tuple[sp.Symbol, ...]
    after: tuple[sp.Expr, ...] = ()
    program: list[Activation | Product] = field(default_factory=list)
    vectors: dict[str, sp.Symbol] = field(default_factory=dict)

    @property
    def products(self) -> list[Product]:
        """In order."""
        return [one for one in self.program if isinstance(one, Product)]

    def expressions(self) -> list[sp.Expr]:
        """All that is computed."""
        program = [one.of if isinstance(one, Activation) else one.operand for one in self.program]
        return [*program, *self.after]

    def activation(self, name: str, of: sp.Expr) -> sp.Symbol:
        symbol = named(f"{name}_{len(self.program)}")
        self.program.append(Activation(symbol, name, of))
        return symbol

    def product(self, operand: sp.Expr, matrix: str, column: int) -> sp.Symbol:
        symbol = named(f"p_{len(self.program)}")
        self.program.append(Product(symbol, operand, matrix, column))
        return symbol

    def weight(self, tensor: Tensor) -> tuple[str, int]:
        """The cell's weight that a tensor is (a part of), and the column at which it starts."""
        for name, known in (*self.cell.named_parameters(), *self.cell.named_buffers()):
            if known.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr():
                return name, int(tensor.storage_offset() - known.storage_offset())
        raise TypeError(f"{type(self.cell).__name__}.step uses a tensor that isn't its own weight")

    def vector(self, tensor: Tensor) -> sp.Symbol:
        name, _ = self.weight(tensor)
        return self.vectors.setdefault(name, named(f"w_{name}"))


def trace(cell: Cell) -> Trace:
    """Call a cell's step with symbols.

    Raises:
        TypeError: it does what can't be written element by element between products.
    """
    found = Trace(
        cell,
        tuple(named(f"a_{gate}") for gate in cell.gates),
        tuple(named(name) for name in STATES[: cell.states]),
    )
    a: Any = Symbols(found, found.inputs)
    try:
        after = cell.step(a, tuple(Symbols(found, (one,)) for one in found.before))
    except (AttributeError, ValueError) as error:
        raise TypeError(f"{type(cell).__name__}.step can't be derived ({error})") from error
    found.after = tuple(one.parts[0] for one in after)
    return found


class Symbols:
    """What a step is given in place of a tensor [R, B, gates x H]: an expression for each gate."""

    def __init__(self, trace: Trace, parts: Sequence[sp.Expr]) -> None:
        self.trace = trace
        self.parts = tuple(parts)

    def _with(self, other: Any, combine: Callable[[Any, Any], Any]) -> "Symbols":
        if isinstance(other, Tensor):
            theirs: tuple[Any, ...] = (self.trace.vector(other),) * len(self.parts)
        elif isinstance(other, Symbols):
            theirs = other.parts
        else:
            theirs = (sp.nsimplify(other),) * len(self.parts)
        return Symbols(
            self.trace, [combine(*pair) for pair in zip(self.parts, theirs, strict=True)]
        )

    def __add__(self, other: Any) -> "Symbols":
        return self._with(other, operator.add)

    def __sub__(self, other: Any) -> "Symbols":
        return self._with(other, operator.sub)

    def __rsub__(self, other: Any) -> "Symbols":
        return self._with(other, lambda x, y: y - x)

    def __mul__(self, other: Any) -> "Symbols":
        return self._with(other, operator.mul)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Symbols":
        return Symbols(self.trace, [-part for part in self.parts])

    def __matmul__(self, matrix: Tensor) -> "Symbols":
        (operand,) = self.parts
        name, first = self.trace.weight(matrix)
        size = self.trace.cell.hidden_size
        columns = range(first, first + matrix.shape[-1], size)
        return Symbols(self.trace, [self.trace.product(operand, name, one) for one in columns])

    def chunk(self, chunks: int, dim: int = -1) -> tuple["Symbols", ...]:
        each = len(self.parts) // chunks
        return tuple(
            Symbols(self.trace, self.parts[i * each : (i + 1) * each]) for i in range(chunks)
        )

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> "Symbols":
        """torch.tanh(symbols) and the like; weight + symbols, where the weight stands first."""
        name = function.__name__.strip("_")
        first, *others = args
        if name in ACTIVATIONS:
            return cls(first.trace, [first.trace.activation(name, part) for part in first.parts])
        swapped = {"add": "__add__", "mul": "__mul__", "sub": "__rsub__"}.get(name)
        if swapped is None or not isinstance(first, Tensor):
            raise TypeError(
                f"a step can't use {function.__name__} yet; see digitsum.kernels.symbols"
            )
        result: Symbols = getattr(others[0], swapped)(first)
        return result
