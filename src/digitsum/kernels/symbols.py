"""A cell's `step`, called with symbols instead of tensors: what it computes, in order.

Whatever stands side by side in a tensor's last axis (the gates) is a tuple of expressions here,
each of one element. A product with a weight matrix and every function get a symbol of their own,
since these are what a kernel computes once and keeps.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import sympy as sp
from torch import Tensor, nn

from digitsum.kernels.language import UNARY

TAKEN = ("b", "j", "t", "at", "U")  # by the loops that are printed


class Cell(Protocol):
    """What is needed of a cell (`digitsum.network.cells.Cell`): its step and its weights."""

    @property
    def gates(self) -> tuple[str, ...]: ...
    @property
    def states(self) -> tuple[str, ...]: ...
    @property
    def readout(self) -> tuple[str, ...]: ...
    @property
    def hidden_size(self) -> int: ...
    def step(self, a: Any, state: Any) -> Any: ...


def named(name: str) -> sp.Symbol:
    """A real number's symbol."""
    return sp.Symbol(name, real=True)


@dataclass(frozen=True)
class Function:
    """symbol = name(of[0], of[1], ...)."""

    symbol: sp.Symbol
    name: str
    of: tuple[sp.Expr, ...]


@dataclass(frozen=True)
class Product:
    """symbol = operand times a square block of a weight matrix (or its transpose), which starts at
    `row` and `column`. Products of one symbol are added up.
    """

    symbol: sp.Symbol
    operand: sp.Expr
    matrix: str
    row: int
    column: int
    transposed: bool


@dataclass
class Trace:
    """What a step computes.

    Attributes:
        inputs: the symbols of x_t W + b, one a gate.
        before: those of the state that a step starts from.
        after: the state it ends in, as expressions.
        program: functions and products in the order in which they are computed.
        vectors: weights that are used element by element, by name and first column.
        derived: functions of weights alone, which are computed once a step, in order.
    """

    cell: Cell
    inputs: tuple[sp.Symbol, ...]
    before: tuple[sp.Symbol, ...]
    after: tuple[sp.Expr, ...] = ()
    program: list[Function | Product] = field(default_factory=list)
    vectors: dict[tuple[str, int], sp.Symbol] = field(default_factory=dict)
    derived: list[Function] = field(default_factory=list)

    @property
    def products(self) -> list[Product]:
        """In order."""
        return [one for one in self.program if isinstance(one, Product)]

    def expressions(self) -> list[sp.Expr]:
        """All that is computed at each time."""
        program = [each for one in self.program for each in _reads(one)]
        return [*program, *self.after]

    def function(self, name: str, *of: sp.Expr) -> sp.Symbol:
        symbol = named(f"{name}_{len(self.program)}")
        self.program.append(Function(symbol, name, of))
        return symbol

    def product(
        self, operand: sp.Expr, matrix: str, row: int, column: int, transposed: bool
    ) -> sp.Symbol:
        symbol = named(f"p_{len(self.program)}")
        self.program.append(Product(symbol, operand, matrix, row, column, transposed))
        return symbol

    def vector(self, name: str, column: int) -> sp.Symbol:
        # By gates: a size in a name would make another module, compiled anew, of each size.
        gate, rest = divmod(column, self.cell.hidden_size)
        told = f"w_{name.replace('.', '_')}"
        told += (f"_{gate}" if gate else "") + (f"_at_{rest}" if rest else "")
        return self.vectors.setdefault((name, column), named(told))

    def part(self) -> None:
        """Tell what depends on weights alone from what is computed at each time."""
        alone = set(self.vectors.values())
        for one in list(self.program):
            if (
                isinstance(one, Function)
                and set().union(*(x.free_symbols for x in one.of)) <= alone
            ):
                alone.add(one.symbol)
                self.derived.append(one)
                self.program.remove(one)
        self.program = [self._hoisted(one, alone) for one in self.program]
        self.after = tuple(self._without(one, alone) for one in self.after)
        for product in self.products:
            if product.operand.free_symbols <= alone:
                raise TypeError(f"a product of {product.matrix} with weights alone")

    def _hoisted(self, one: "Function | Product", alone: set[sp.Symbol]) -> "Function | Product":
        if isinstance(one, Function):
            return replace(one, of=tuple(self._without(each, alone) for each in one.of))
        return replace(one, operand=self._without(one.operand, alone))

    def _without(self, whole: sp.Expr, alone: set[sp.Symbol]) -> sp.Expr:
        """An expression with names for what in it is made of weights alone."""
        if not whole.args:
            return whole
        own = [one for one in whole.args if one.free_symbols and one.free_symbols <= alone]
        if not whole.is_Add and not whole.is_Mul:
            own = []
        rest = [self._without(one, alone) for one in whole.args if one not in own]
        if len(own) > 1 or (own and own[0].args):
            value = whole.func(*own)
            known = {one.of[0]: one.symbol for one in self.derived if one.name == "same"}
            if value not in known:
                known[value] = named(f"same_{len(self.program)}_{len(self.derived)}")
                self.derived.append(Function(known[value], "same", (value,)))
                alone.add(known[value])
            own = [known[value]]
        return whole.func(*own, *rest)

    @property
    def constants(self) -> list[sp.Symbol]:
        """What stands in a row for the whole sequence: weights, then what is derived of them and
        used at each time.
        """
        read = set().union(*(one.free_symbols for one in self.expressions()))
        return [*self.vectors.values(), *(d.symbol for d in self.derived if d.symbol in read)]


def _reads(one: Function | Product) -> tuple[sp.Expr, ...]:
    return one.of if isinstance(one, Function) else (one.operand,)


def trace(cell: Cell) -> Trace:
    """Call a cell's step with symbols.

    Raises:
        TypeError: it does what can't be written element by element between products; in words.
    """
    found = Trace(
        cell,
        tuple(named(f"a_{gate}") for gate in cell.gates),
        tuple(named(f"{name}_" if name in TAKEN else name) for name in cell.states),
    )
    kind = type(cell).__name__
    a: Any = Symbols(found, found.inputs)
    try:
        own = symbolic(cell, found)
        after = own.step(a, tuple(Symbols(found, (one,)) for one in found.before))
        found.after = tuple(one.parts[0] for one in after)
        found.part()
    except AttributeError as error:
        raise TypeError(f"{kind}.step can't be derived: it uses .{error.name}") from error
    except (TypeError, ValueError) as error:
        raise TypeError(f"{kind}.step can't be derived: {error}") from error
    return found


def symbolic(module: Any, found: Trace, prefix: str = "") -> Any:
    """The same module with symbols in place of its weights, and of those of the modules in it."""
    own = object.__new__(type(module))
    own.__dict__.update(module.__dict__)
    for kind in ("_parameters", "_buffers"):
        tensors = module.__dict__[kind].items()
        own.__dict__[kind] = {
            name: None if one is None else _weight(found, prefix + name, one)
            for name, one in tensors
        }
    children: dict[str, nn.Module] = module.__dict__["_modules"]
    own.__dict__["_modules"] = {
        name: symbolic(child, found, f"{prefix}{name}.") for name, child in children.items()
    }
    return own


def _weight(found: Trace, name: str, tensor: Tensor) -> "Weight | float":
    if tensor.dim() == 0:
        return float(tensor)
    return Weight(found, name, 0, 0, int(tensor.shape[-2]), int(tensor.shape[-1]))


def number(value: Any) -> sp.Expr:
    """A number, or a tensor that is one, as SymPy has it."""
    if isinstance(value, Tensor):
        if value.dim():
            raise TypeError("it uses a tensor that isn't its own weight")
        value = value.item()
    return sp.Integer(value) if isinstance(value, int) else sp.Float(value)


class Symbols:
    """What a step is given in place of a tensor [R, B, gates x H]: an expression for each gate."""

    def __init__(self, trace: Trace, parts: Sequence[sp.Expr]) -> None:
        self.trace = trace
        self._parts = tuple(parts)

    @property
    def parts(self) -> tuple[sp.Expr, ...]:
        return self._parts

    def _beside(self, *others: Any) -> Iterator[tuple[sp.Expr, ...]]:
        """Part by part; what is one number for all goes with each."""
        theirs = (one.parts if isinstance(one, Symbols) else (number(one),) for one in others)
        all_parts = [self.parts, *theirs]
        count = max(map(len, all_parts))
        wide = [parts * count if len(parts) == 1 else parts for parts in all_parts]
        return zip(*wide, strict=True)

    def _with(self, other: Any, combine: Callable[[Any, Any], Any]) -> "Symbols":
        return Symbols(self.trace, [combine(*pair) for pair in self._beside(other)])

    def _apply(self, name: str, *others: Any) -> "Symbols":
        return Symbols(
            self.trace, [self.trace.function(name, *each) for each in self._beside(*others)]
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

    def __truediv__(self, other: Any) -> "Symbols":
        return self._apply("divide", other)

    def __rtruediv__(self, other: Any) -> "Symbols":
        above = number(other)
        return Symbols(self.trace, [self.trace.function("divide", above, x) for x in self.parts])

    def __neg__(self) -> "Symbols":
        return Symbols(self.trace, [-part for part in self.parts])

    def __abs__(self) -> "Symbols":
        return self._apply("absolute")

    def __pow__(self, power: Any) -> "Symbols":
        if not isinstance(power, int):
            raise TypeError(f"it takes a power {power}; whole numbers are known")
        if power < 0:
            return 1 / self**-power
        return Symbols(self.trace, [part**power for part in self.parts])

    def __gt__(self, other: Any) -> "Symbols":
        return self._apply("greater", other)

    def __ge__(self, other: Any) -> "Symbols":
        return self._apply("at_least", other)

    def __lt__(self, other: Any) -> "Symbols":
        return Symbols(
            self.trace, [self.trace.function("greater", y, x) for x, y in self._beside(other)]
        )

    def __le__(self, other: Any) -> "Symbols":
        return Symbols(
            self.trace, [self.trace.function("at_least", y, x) for x, y in self._beside(other)]
        )

    def __matmul__(self, matrix: Any) -> "Symbols":
        if not isinstance(matrix, Weight):
            raise TypeError("it multiplies by a matrix that isn't its own weight")
        return matrix.times(self)

    def chunk(self, chunks: int, dim: int = -1) -> tuple["Symbols", ...]:
        each = len(self.parts) // chunks
        return tuple(
            Symbols(self.trace, self.parts[i * each : (i + 1) * each]) for i in range(chunks)
        )

    def clamp(self, min: Any = None, max: Any = None) -> "Symbols":
        if min is None:
            return self._apply("minimum", max)
        return self._apply("maximum", min) if max is None else self._apply("clamp", min, max)

    def square(self) -> "Symbols":
        return self**2

    def reciprocal(self) -> "Symbols":
        return 1 / self

    def __getattr__(self, name: str) -> Any:
        if name in UNARY:
            return lambda: self._apply(UNARY[name])
        raise AttributeError(name=name)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> "Symbols":
        """torch.tanh(symbols) and the like; a number's tensor + symbols, where that is first."""
        name, given = function.__name__.strip("_"), kwargs or {}
        if name == "cat":
            return Symbols(args[0][0].trace, [part for one in args[0] for part in one.parts])
        first, *others = args
        if name in UNARY and isinstance(first, Symbols):
            return first._apply(UNARY[name])
        if name in ("maximum", "minimum"):
            one, other = (first, *others) if isinstance(first, Symbols) else (*others, first)
            made: Symbols = one._apply(name, other)
            return made
        result: Symbols
        if name == "where":
            result = first._apply("chosen", *others)
            return result
        methods = {
            "clamp": "clamp",
            "square": "square",
            "reciprocal": "reciprocal",
            "neg": "__neg__",
        }
        if name in methods and isinstance(first, Symbols):
            result = getattr(first, methods[name])(*others, **given)
            return result
        plain = {"add": "add", "mul": "mul", "sub": "sub", "div": "truediv", "pow": "pow"}
        plain |= {"true_divide": "truediv", "truediv": "truediv"}
        if name in plain:
            own = isinstance(first, Symbols)
            side = f"__{plain[name]}__" if own else f"__r{plain[name]}__"
            one, other = (first, others[0]) if own else (others[0], first)
            result = getattr(one, side)(other)
            return result
        raise TypeError(f"a step can't use {function.__name__} yet; see digitsum.kernels.language")


class Weight(Symbols):
    """A weight [R, rows, columns], or columns of it: a matrix where something is multiplied by it,
    else numbers, one for each unit or one for all.
    """

    def __init__(
        self, trace: Trace, name: str, row: int, column: int, rows: int, columns: int,
        transposed: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(trace, ())
        self.place = name, row, column
        self.size = rows, columns
        self.transposed = transposed

    @property
    def parts(self) -> tuple[sp.Expr, ...]:
        name, _, column = self.place
        width = self.trace.cell.hidden_size
        if self.size[0] != 1 or self.transposed:
            raise TypeError(f"it uses the matrix {name} element by element")
        firsts = range(column, column + self.size[1], min(width, self.size[1]))
        return tuple(self.trace.vector(name, one) for one in firsts)

    def chunk(self, chunks: int, dim: int = -1) -> tuple["Weight", ...]:
        if self.transposed:
            raise TypeError(f"it cuts the transpose of {self.place[0]}; transpose what is cut")
        (name, row, column), (rows, columns) = self.place, self.size
        each = columns // chunks
        return tuple(
            Weight(self.trace, name, row, column + i * each, rows, each, self.transposed)
            for i in range(chunks)
        )

    @property
    def mT(self) -> "Weight":  # noqa: N802  torch's name
        return Weight(self.trace, *self.place, *self.size, not self.transposed)

    def times(self, left: Symbols) -> Symbols:
        """`left` times this: for each block of columns the sum over blocks of rows."""
        (name, row, column), size = self.place, self.trace.cell.hidden_size
        blocks = [range(first, first + length, size) for first, length in
                  zip((row, column), self.size, strict=True)]  # fmt: skip
        over, across = reversed(blocks) if self.transposed else blocks
        if len(over) != len(left.parts):
            raise TypeError(
                f"it multiplies {len(left.parts)} parts by {len(over)} blocks of {name}"
            )
        made = []
        for j in across:
            places = [(j, i) if self.transposed else (i, j) for i in over]
            terms = [
                self.trace.product(part, name, *at, self.transposed)
                for part, at in zip(left.parts, places, strict=True)
            ]
            made.append(sum(terms[1:], terms[0]))
        return Symbols(self.trace, made)
