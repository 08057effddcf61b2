"""A cell's step and the way back through it as a plain Python module, for Numba and for people.

The way there keeps what the way back needs, each value once. Loops go over the batch and, eight
units at a time, over the state; `at_x` is where the values of x stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from digitsum.kernels.derive import WayBack, back_through, gradient, summed, way_back
from digitsum.kernels.symbols import Activation, Product, Trace, named

HEAD = '''"""One time step of {name} and the way back through it, derived from its equation."""

from digitsum.kernels.lookup import add_to_rows, look_up
from digitsum.kernels.numerics import positive, relu, sigmoid, tanh
from digitsum.kernels.product import add_product
from digitsum.kernels.simd import LANES, filled, load, store
'''


@dataclass(frozen=True)
class Step:
    """A printed step, and how many of what it needs.

    Attributes:
        source: a module with `forward`, `backward` and `gather`.
        terms, kept, operands: arrays of the size of a state that it needs for its terms, for what
            it keeps of each time, and for gradients by what is multiplied.
        matrices: for each product the name of its weight and the column at which it starts.
        vectors: names of the weights that are used element by element.
    """

    source: str
    terms: int
    kept: int
    operands: int
    matrices: list[tuple[str, int]]
    vectors: list[str]


class _Code(StrPrinter):
    """Expressions as Python has them, powers as products: lanes have no power."""

    def _print_Pow(self, expression: sp.Pow, **_: object) -> str:  # noqa: N802  SymPy's name
        if expression.exp.is_Integer and expression.exp > 1:
            base = self.parenthesize(expression.base, PRECEDENCE["Pow"])
            return "*".join([base] * int(expression.exp))
        return str(super()._print_Pow(expression))


_code = _Code()


def _after(h: sp.Symbol) -> sp.Symbol:
    return named(f"{h}_after")


def _operand(product: Product) -> sp.Symbol:
    return named(f"operand_{product.symbol}")


class _Printer:
    """Where each symbol's values stand, and the lines of both passes."""

    def __init__(self, traced: Trace) -> None:
        self.trace = trace = summed(traced)
        self.back: WayBack = way_back(trace)
        self.terms = list(self.back.terms)
        self.late = [one for one in trace.products if one.operand not in trace.before]
        self.vectors = list(trace.vectors.values())
        self.activations = {one.symbol: one for one in trace.program if isinstance(one, Activation)}
        given = {*trace.before, *self.vectors, *map(gradient, trace.before)}
        given |= {back_through(one) for one in self.late} | set(trace.after)
        read = set().union(*(one.free_symbols for one in self.back.expressions())) - given
        early = set().union(*(one.operand.free_symbols for one in self.late)) - given
        self.kept = sorted(read | (early & self.activations.keys()), key=str)
        self.operands = [_operand(one) for one in self.late]

    def places(self, forward: bool) -> dict[sp.Symbol, str]:
        """The array of each symbol that stands in one; what isn't there is computed."""
        trace = self.trace
        found = {h: f"states[{i}, t]" for i, h in enumerate(trace.before)}
        found |= {w: f"vectors[{i}:{i + 1}]" for i, w in enumerate(self.vectors)}
        found |= {_after(h): f"states[{i}, t + 1]" for i, h in enumerate(trace.before)}
        found |= {x: f"kept[{i}, t]" for i, x in enumerate(self.kept + self.operands)}
        if forward:
            return {x: f"terms[{i}]" for i, x in enumerate(self.terms)} | {
                x: place for x, place in found.items() if x not in self.terms
            }
        for i, after in enumerate(trace.after):
            found |= {after: f"states[{i}, t + 1]"} if after.is_Symbol else {}
        found |= {gradient(h): f"d_states[{i}]" for i, h in enumerate(trace.before)}
        slopes = {x: f"slopes[{i}, at:at + size]" for i, x in enumerate(self.terms)}
        found |= {gradient(x): place for x, place in slopes.items()}
        found |= {back_through(x): f"d_operands[{i}]" for i, x in enumerate(self.late)}
        vectors = {gradient(w): f"d_vectors[{i}:{i + 1}]" for i, w in enumerate(self.vectors)}
        return found | vectors

    def forward(self) -> list[str]:
        places, lines = self.places(forward=True), []
        for term in self.terms:
            if term in self.trace.inputs:
                gate = self.trace.inputs.index(term)
                column = f"{gate} * terms.shape[2]"
                lines.append(f"look_up({_at(term)}, table, {column}, rows)")
            else:
                lines.append(f"{_at(term)}[:] = 0")
        for number, product in enumerate(self.trace.products):
            if product not in self.late:
                lines.append(_multiply(product.symbol, product.operand, f"U[{number}]"))
        there = {*self.terms, *self.trace.before, *self.vectors}  # in memory so far
        for product in self.late:
            number = self.trace.products.index(product)
            first = {one: one for one in product.operand.free_symbols if one in self.kept}
            stores = {x: x for x in first if x not in there} | {_operand(product): product.operand}
            lines += self.loop(stores, places, there)
            there |= stores.keys()
            lines.append(_multiply(product.symbol, _operand(product), f"U[{number}]"))
        stores = {x: x for x in self.kept if x not in there or x in self.terms}
        stores = {named(f"kept_{x}") if x in self.terms else x: x for x in stores}
        for x in [x for x in self.kept if x in self.terms]:
            places[named(f"kept_{x}")] = f"kept[{self.kept.index(x)}, t]"
        after = zip(self.trace.before, self.trace.after, strict=True)
        lines += self.loop(stores | {_after(h): value for h, value in after}, places, there)
        return _function("forward", FORWARD, lines, places)

    def backward(self) -> list[str]:
        places, lines = self.places(forward=False), ["size = d_states.shape[1]"]
        trace, back = self.trace, self.back
        done: set[sp.Symbol] = set()
        for number, product in reversed(list(enumerate(trace.products))):
            if product in self.late:
                d = gradient(product.symbol)
                lines += self.loop({d: back.terms[product.symbol]}, places, set(places))
                place = back_through(product)
                lines += [f"{_at(place)}[:] = 0", _multiply(place, d, f"U_transposed[{number}]")]
                done.add(product.symbol)
        stores = {gradient(x): value for x, value in back.terms.items() if x not in done}
        stores |= {gradient(h): value for h, value in back.states.items()}
        sums = {gradient(w): value for w, value in back.vectors.items()}
        lines += self.loop(stores, places, set(places), sums)
        for number, product in enumerate(trace.products):
            if product not in self.late:
                d, place = gradient(product.symbol), gradient(product.operand)
                lines.append(_multiply(place, d, f"U_transposed[{number}]"))
        for gate, a in enumerate(trace.inputs):
            column = f"{gate} * slopes.shape[2]"
            lines.append(f"add_to_rows(d_table, {column}, rows, {_at(gradient(a))})")
        return _function("backward", BACKWARD, lines, places)

    def gather(self) -> list[str]:
        """dU += operand^T slope, over several times at once."""
        lines = ["steps = last - first", "width = slopes.shape[2]"]
        for number, product in enumerate(self.trace.products):
            if product in self.late:
                index = len(self.kept) + self.late.index(product)
                operand = f"kept[{index}, first:last]"
            else:
                operand = f"states[{self.trace.before.index(product.operand)}, first:last]"
            rows = "steps * states.shape[2]"
            slope = f"slopes[{self.terms.index(product.symbol)}, : {rows}]"
            flat = f"{operand}.reshape({rows}, width)"
            lines.append(f"add_product(dU[{number}], {flat}.T, {slope})")
        return _function("gather", GATHER, lines, {})

    def loop(
        self,
        stores: Mapping[sp.Symbol, sp.Expr],
        places: Mapping[sp.Symbol, str],
        there: set[sp.Symbol],
        sums: Mapping[sp.Symbol, sp.Expr] | None = None,
    ) -> list[str]:
        """Compute and store; `sums` are added over the batch to what stands there."""
        sums = sums or {}
        wanted = [*stores.values(), *sums.values()]
        needed: list[Activation] = []
        for one in reversed(self.activations.values()):
            using = set().union(*(e.free_symbols for e in [*wanted, *(a.of for a in needed)]))
            if one.symbol in using and one.symbol not in there:
                needed.insert(0, one)
        shared, plain = sp.cse(wanted, symbols=sp.numbered_symbols("x", real=True), order="none")
        computed = {one.symbol for one in needed} | {symbol for symbol, _ in shared}
        expressions = [*(one.of for one in needed), *(value for _, value in shared), *plain]
        loads = set().union(*(one.free_symbols for one in expressions)) - computed
        body = []
        for one in sorted(loads, key=str):
            row = "0" if one in self.vectors else "b"
            body.append(f"{one} = load({_at(one)}, {row}, j)")
        body += [f"{one.symbol} = {one.name}({_code.doprint(one.of)})" for one in needed]
        body += [f"{symbol} = {_code.doprint(value)}" for symbol, value in shared]
        some = next(iter(sorted(loads, key=str)))
        for target, value in zip([*stores, *sums], plain, strict=True):
            text = _code.doprint(value) if value.free_symbols else f"filled({some}, {value})"
            if target in sums:
                text = f"load({_at(target)}, 0, j) + {text}"
            row = "0" if target in sums else "b"
            body.append(f"store({_at(target)}, {row}, j, {text})")
        shape = _at(self.trace.before[0])
        return [
            f"for b in range({shape}.shape[0]):",
            f"    for j in range(0, {shape}.shape[1], LANES):",
            *(f"        {line}" for line in body),
        ]


FORWARD = "cell, t, rows, table, U, vectors, states, kept, terms"
BACKWARD = (
    "cell, t, at, rows, U_transposed, vectors, states, kept, d_states, slopes, d_operands, d_table,"
    " d_vectors"
)
GATHER = "cell, first, last, states, kept, slopes, dU"


def _at(symbol: sp.Symbol) -> str:
    return f"at_{symbol}"


def _multiply(out: sp.Symbol, operand: sp.Symbol, matrix: str) -> str:
    return f"add_product({_at(out)}, {_at(operand)}, {matrix})"


def _function(
    name: str, arguments: str, lines: list[str], places: Mapping[sp.Symbol, str]
) -> list[str]:
    text = "\n".join(lines)
    used = [
        f"{_at(x)} = {place}"
        for x, place in places.items()
        if f"{_at(x)}," in text
        or f"{_at(x)}." in text
        or f"{_at(x)})" in text
        or f"{_at(x)}[" in text
    ]
    head = [line for line in lines if line.startswith("size = ")]
    rest = [line for line in lines if line not in head]
    body = [*head, *used, *rest] or ["pass"]
    return ["", "", f"def {name}({arguments}):", *(f"    {line}" for line in body)]


def printed(trace: Trace) -> Step:
    """Derive a step's way back and print both."""
    printer = _Printer(trace)
    lines = [*printer.forward(), *printer.backward(), *printer.gather()]
    return Step(
        HEAD.format(name=type(trace.cell).__name__) + "\n".join(lines) + "\n",
        len(printer.terms),
        len(printer.kept) + len(printer.operands),
        len(printer.late),
        [(one.matrix, one.column) for one in trace.products],
        list(trace.vectors),
    )
