"""A cell's step and the way back through it as a plain Python module, for Numba and for people.

The way there keeps what the way back needs, each value once. Loops go over the batch and, eight
units at a time, over the state; `at_x` is where the values of x stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from digitsum.kernels.derive import WayBack, back_through, gradient, summed, way_back
from digitsum.kernels.loops import at, inlined_function, loop
from digitsum.kernels.symbols import Activation, Product, Trace, named

HEAD = '''"""One time step of {name} and the way back through it, derived from its equation."""

from digitsum.kernels.lanes import LANES, filled, load, store
from digitsum.kernels.lookup import add_to_rows, look_up
from digitsum.kernels.numerics import forced, positive, relu, sigmoid, tanh
from digitsum.kernels.product import add_product
'''


@dataclass(frozen=True)
class Step:
    """A printed step, and how many of what it needs.

    Attributes:
        source: a module with `forward`, `backward` and `gather`, and `there` and `back`, which take
            them through time.
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
        slopes = {x: f"slopes[{i}, at : at + d_states.shape[1]]" for i, x in enumerate(self.terms)}
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
                lines.append(f"look_up({at(term)}, table, {column}, rows)")
            else:
                lines.append(f"{at(term)}[:] = 0")
        for number, product in enumerate(self.trace.products):
            if product not in self.late:
                lines.append(_multiply(product.symbol, product.operand, f"U[{number}]"))
        there = {*self.terms, *self.trace.before, *self.vectors}  # in memory so far
        for product in self.late:
            number = self.trace.products.index(product)
            operand = sorted(product.operand.free_symbols, key=str)
            first = [one for one in operand if one in self.kept]
            stores = {x: x for x in first if x not in there} | {_operand(product): product.operand}
            lines += self._loop(stores, there)
            there |= stores.keys()
            lines.append(_multiply(product.symbol, _operand(product), f"U[{number}]"))
        stores = {x: x for x in self.kept if x not in there or x in self.terms}
        stores = {named(f"kept_{x}") if x in self.terms else x: x for x in stores}
        for x in [x for x in self.kept if x in self.terms]:
            places[named(f"kept_{x}")] = f"kept[{self.kept.index(x)}, t]"
        after = zip(self.trace.before, self.trace.after, strict=True)
        lines += self._loop(stores | {_after(h): value for h, value in after}, there)
        return inlined_function("forward", FORWARD, lines, places)

    def backward(self) -> list[str]:
        places, lines = self.places(forward=False), []
        trace, back = self.trace, self.back
        done: set[sp.Symbol] = set()
        for number, product in reversed(list(enumerate(trace.products))):
            if product in self.late:
                d = gradient(product.symbol)
                lines += self._loop({d: back.terms[product.symbol]}, set(places))
                place = back_through(product)
                lines += [f"{at(place)}[:] = 0", _multiply(place, d, f"U_transposed[{number}]")]
                done.add(product.symbol)
        stores = {gradient(x): value for x, value in back.terms.items() if x not in done}
        stores |= {gradient(h): value for h, value in back.states.items()}
        sums = {gradient(w): value for w, value in back.vectors.items()}
        lines += self._loop(stores, set(places), sums)
        for number, product in enumerate(trace.products):
            if product not in self.late:
                d, place = gradient(product.symbol), gradient(product.operand)
                lines.append(_multiply(place, d, f"U_transposed[{number}]"))
        for gate, a in enumerate(trace.inputs):
            column = f"{gate} * slopes.shape[2]"
            lines.append(f"add_to_rows(d_table, {column}, rows, {at(gradient(a))})")
        return inlined_function("backward", BACKWARD, lines, places)

    def _loop(
        self,
        stores: Mapping[sp.Symbol, sp.Expr],
        there: set[sp.Symbol],
        sums: Mapping[sp.Symbol, sp.Expr] | None = None,
    ) -> list[str]:
        activations = list(self.activations.values())
        shape = at(self.trace.before[0])
        return loop(shape, stores, sums or {}, activations, there, self.vectors)

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
        return inlined_function("gather", GATHER, lines, {})


FORWARD = "t, rows, table, U, vectors, states, kept, terms"
BACKWARD = (
    "t, at, rows, U_transposed, vectors, states, kept, d_states, slopes, d_operands, d_table,"
    " d_vectors"
)
GATHER = "first, last, states, kept, slopes, dU"
# Through time: what is called of a cell, see `steps`.
THROUGH_TIME = """

def there(rows, table, U, vectors, states, kept, terms):
    for t in range(len(rows)):
        forward(t, rows[t], table, U, vectors, states, kept, terms)


def back(
    rows, U_transposed, vectors, states, kept, d_states, slopes, d_operands, d_table, d_vectors, dU
):
    length, batch = rows.shape
    chunk = slopes.shape[1] // batch
    for t in range(length - 1, -1, -1):
        at = t % chunk * batch
        backward(
            t, at, rows[t], U_transposed, vectors, states, kept, d_states, slopes, d_operands,
            d_table, d_vectors
        )
        if at == 0:
            gather(t, min(t + chunk, length), states, kept, slopes, dU)
"""


def _multiply(out: sp.Symbol, operand: sp.Symbol, matrix: str) -> str:
    return f"add_product({at(out)}, {at(operand)}, {matrix})"


def printed(trace: Trace) -> Step:
    """Derive a step's way back and print both."""
    printer = _Printer(trace)
    lines = [*printer.forward(), *printer.backward(), *printer.gather()]
    return Step(
        HEAD.format(name=type(trace.cell).__name__) + "\n".join(lines) + "\n" + THROUGH_TIME,
        len(printer.terms),
        len(printer.kept) + len(printer.operands),
        len(printer.late),
        [(one.matrix, one.column) for one in trace.products],
        list(trace.vectors),
    )
