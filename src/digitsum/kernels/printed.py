"""A cell's step and the way back through it as a plain Python module, for Numba and for people.

The way there keeps what the way back needs, each value once. Loops go over the batch and, eight
units at a time, over the state; `at_x` is where the values of x stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from digitsum.kernels.derive import (
    WayBack,
    back_through,
    back_to_weights,
    gradient,
    operands,
    summed,
    way_back,
)
from digitsum.kernels.loops import at, imports, inlined_function, loop
from digitsum.kernels.symbols import Function, Product, Trace, named

HEAD = '''"""One time step of {name} and the way back through it, derived from its equation."""

from digitsum.kernels.compiling import forced
from digitsum.kernels.lanes import LANES, filled, load, store
from digitsum.kernels.lookup import add_to_rows, look_up
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
        matrices: for each product the name of its weight, the row and column at which its block
            starts, and whether it is transposed.
        vectors: weights that are used element by element, by name and column.
        derived: rows for what is computed of weights alone.
    """

    source: str
    terms: int
    kept: int
    operands: int
    matrices: list[tuple[str, int, int, bool]]
    vectors: list[tuple[str, int]]
    derived: int


def _after(h: sp.Symbol) -> sp.Symbol:
    return named(f"{h}_after")


def _operand(index: int) -> sp.Symbol:
    return named(f"operand_{index}")


class _Printer:
    """Where each symbol's values stand, and the lines of both passes."""

    def __init__(self, traced: Trace) -> None:
        self.trace = trace = summed(traced)
        self.back: WayBack = way_back(trace)
        multiplied = {one.symbol for one in trace.products}
        # Inputs that no product adds to are read from the table where they are needed.
        self.bare = [a for a in trace.inputs if a not in multiplied]
        self.terms = [one for one in self.back.terms if one not in self.bare]
        self.operands = operands(trace)
        self.constants = trace.constants
        self.functions = [one for one in trace.program if isinstance(one, Function)]
        values = {one.symbol for one in self.functions}
        given = {*trace.before, *self.constants, *map(gradient, trace.before), *trace.after}
        given |= set(self.bare)
        given |= {back_through(index) for index in range(len(self.operands))}
        read = set().union(*(one.free_symbols for one in self.back.expressions())) - given
        early = set().union(*(one.free_symbols for one in self.operands)) - given
        self.kept = sorted(read | (early & values), key=str)
        # Where what is multiplied is a state after the step, it stands there already.
        self.own = [one for one in self.operands if one not in trace.after]

    def _made_of(self, expression: sp.Expr) -> list[sp.Symbol]:
        """All symbols that it needs, with those that its functions need."""
        found = set(expression.free_symbols)
        for one in reversed(self.functions):
            if one.symbol in found:
                found |= set().union(*(of.free_symbols for of in one.of))
        return sorted(found, key=str)

    def _late(self, index: int) -> list[Product]:
        return [one for one in self.trace.products if one.operand == self.operands[index]]

    def _stands(self, index: int, times: str, next_times: str) -> str:
        """The array of an operand, at some times."""
        one = self.operands[index]
        if one in self.own:
            return f"kept[{len(self.kept) + self.own.index(one)}, {times}]"
        return f"states[{self.trace.after.index(one)}, {next_times}]"

    def places(self, forward: bool) -> dict[sp.Symbol, str]:
        """The array of each symbol that stands in one; what isn't there is computed."""
        trace = self.trace
        found = {h: f"states[{i}, t]" for i, h in enumerate(trace.before)}
        found |= {w: f"vectors[{i}:{i + 1}]" for i, w in enumerate(self.constants)}
        found |= {_after(h): f"states[{i}, t + 1]" for i, h in enumerate(trace.before)}
        found |= {x: f"kept[{i}, t]" for i, x in enumerate(self.kept)}
        found |= {
            _operand(index): self._stands(index, "t", "t + 1")
            for index in range(len(self.operands))
        }
        if forward:
            return {x: f"terms[{i}]" for i, x in enumerate(self.terms)} | {
                x: place for x, place in found.items() if x not in self.terms
            }
        for i, after in enumerate(trace.after):
            found |= {after: f"states[{i}, t + 1]"} if after.is_Symbol else {}
        found |= {gradient(h): f"d_states[{i}]" for i, h in enumerate(trace.before)}
        slopes = {x: f"slopes[{i}, at : at + d_states.shape[1]]" for i, x in enumerate(self.terms)}
        found |= {gradient(x): place for x, place in slopes.items()}
        found |= {back_through(i): f"d_operands[{i}]" for i in range(len(self.operands))}
        constants = {gradient(w): f"d_vectors[{i}:{i + 1}]" for i, w in enumerate(self.constants)}
        return found | constants

    def forward(self) -> list[str]:
        places, lines = self.places(forward=True), []
        trace = self.trace
        for term in self.terms:
            if term in trace.inputs:
                gate = trace.inputs.index(term)
                column = f"{gate} * terms.shape[2]"
                lines.append(f"look_up({at(term)}, table, {column}, rows)")
            else:
                lines.append(f"{at(term)}[:] = 0")
        for number, product in enumerate(trace.products):
            if product.operand in trace.before:
                lines.append(_multiply(product.symbol, product.operand, f"U[{number}]"))
        there = {*self.terms, *self.bare, *trace.before, *self.constants}  # in memory so far
        for index, operand in enumerate(self.operands):
            first = [one for one in self._made_of(operand) if one in self.kept]
            stores = {x: x for x in first if x not in there} | {_operand(index): operand}
            lines += self._loop(stores, there)
            there |= stores.keys()
            for number, product in enumerate(trace.products):
                if product.operand == operand:
                    lines.append(_multiply(product.symbol, _operand(index), f"U[{number}]"))
        stores = {x: x for x in self.kept if x not in there or x in self.terms}
        stores = {named(f"kept_{x}") if x in self.terms else x: x for x in stores}
        for x in [x for x in self.kept if x in self.terms]:
            places[named(f"kept_{x}")] = f"kept[{self.kept.index(x)}, t]"
        after = zip(trace.before, trace.after, strict=True)
        stores |= {_after(h): value for h, value in after if value not in self.operands}
        if stores:
            lines += self._loop(stores, there)
        return inlined_function("forward", FORWARD, lines, places)

    def backward(self) -> list[str]:
        places, lines = self.places(forward=False), []
        trace, back = self.trace, self.back
        done: set[sp.Symbol] = set()
        for index in reversed(range(len(self.operands))):
            late = self._late(index)
            fresh = dict.fromkeys(one.symbol for one in late if one.symbol not in done)
            stores = {gradient(symbol): back.terms[symbol] for symbol in fresh}
            if stores:
                lines += self._loop(stores, set(places))
            done |= fresh.keys()
            place = back_through(index)
            lines.append(f"{at(place)}[:] = 0")
            for number, product in enumerate(trace.products):
                if product in late:
                    d = gradient(product.symbol)
                    lines.append(_multiply(place, d, f"U_transposed[{number}]"))
        last = {gradient(x): value for x, value in back.terms.items() if x not in done}
        bare = set(map(gradient, self.bare))
        stores = {d: value for d, value in last.items() if d not in bare}
        stores |= {gradient(h): value for h, value in back.states.items()}
        sums = {d: value for d, value in last.items() if d in bare}
        sums |= {gradient(w): value for w, value in back.constants.items() if value != 0}
        lines += self._loop(stores, set(places), sums)
        for number, product in enumerate(trace.products):
            if product.operand in trace.before:
                d, place = gradient(product.symbol), gradient(product.operand)
                lines.append(_multiply(place, d, f"U_transposed[{number}]"))
        for gate, a in enumerate(trace.inputs):
            if a not in self.bare:
                column = f"{gate} * slopes.shape[2]"
                lines.append(f"add_to_rows(d_table, {column}, rows, {at(gradient(a))})")
        return inlined_function("backward", BACKWARD, lines, places)

    def _loop(
        self,
        stores: Mapping[sp.Symbol, sp.Expr],
        there: set[sp.Symbol],
        sums: Mapping[sp.Symbol, sp.Expr] | None = None,
    ) -> list[str]:
        shape = at(self.trace.before[0])
        rows: dict[sp.Symbol, str] = {}
        for a in self.bare:
            column = f"rows[b], {self.trace.inputs.index(a)} * {shape}.shape[1] + j"
            rows |= {a: f"table, {column}", gradient(a): f"d_table, {column}"}
        return loop(shape, stores, sums or {}, self.functions, there, self.constants, rows)

    def gather(self) -> list[str]:
        """dU += operand^T slope, over several times at once."""
        lines = ["steps = last - first", "width = slopes.shape[2]"]
        for number, product in enumerate(self.trace.products):
            if product.operand in self.operands:
                index = self.operands.index(product.operand)
                operand = self._stands(index, "first:last", "first + 1 : last + 1")
            else:
                operand = f"states[{self.trace.before.index(product.operand)}, first:last]"
            rows = "steps * states.shape[2]"
            slope = f"slopes[{self.terms.index(product.symbol)}, : {rows}]"
            flat = f"{operand}.reshape({rows}, width)"
            lines.append(f"add_product(dU[{number}], {flat}.T, {slope})")
        return inlined_function("gather", GATHER, lines, {})

    def alone(self) -> list[str]:
        """What depends on weights alone, once a step, and the way back to them."""
        derived = [one for one in self.constants if one not in self.trace.vectors.values()]
        if not derived:
            return []
        weights = list(self.trace.vectors.values())
        shape = at(weights[0])
        rows = {w: f"vectors[{i}:{i + 1}]" for i, w in enumerate(self.constants)}
        slopes = {gradient(w): f"d_vectors[{i}:{i + 1}]" for i, w in enumerate(self.constants)}
        functions = self.trace.derived
        made = loop(shape, {x: x for x in derived}, {}, functions, set(weights), ())
        sums = {gradient(w): value for w, value in back_to_weights(self.trace).items()}
        back = loop(shape, {}, sums, functions, set(self.constants), ())
        return [
            *inlined_function("prepare", "vectors", made, rows),
            *inlined_function("finish", "vectors, d_vectors", back, rows | slopes),
        ]


FORWARD = "t, rows, table, U, vectors, states, kept, terms"
BACKWARD = (
    "t, at, rows, table, U_transposed, vectors, states, kept, d_states, slopes, d_operands,"
    " d_table, d_vectors"
)
GATHER = "first, last, states, kept, slopes, dU"
# Through time: what is called of a cell, see `steps`.
THROUGH_TIME = """

def there(rows, table, U, vectors, states, kept, terms):
    {prepare}for t in range(len(rows)):
        forward(t, rows[t], table, U, vectors, states, kept, terms)


def back(
    rows, table, U_transposed, vectors, states, kept, d_states, slopes, d_operands, d_table,
    d_vectors, dU
):
    length, batch = rows.shape
    chunk = slopes.shape[1] // batch
    for t in range(length - 1, -1, -1):
        at = t % chunk * batch
        backward(
            t, at, rows[t], table, U_transposed, vectors, states, kept, d_states, slopes,
            d_operands, d_table, d_vectors
        )
        if at == 0:
            gather(t, min(t + chunk, length), states, kept, slopes, dU)
{finish}"""


def _multiply(out: sp.Symbol, operand: sp.Symbol, matrix: str) -> str:
    return f"add_product({at(out)}, {at(operand)}, {matrix})"


def printed(trace: Trace) -> Step:
    """Derive a step's way back and print both."""
    printer = _Printer(trace)
    alone = printer.alone()
    lines = [*alone, *printer.forward(), *printer.backward(), *printer.gather()]
    through = THROUGH_TIME.format(
        prepare="prepare(vectors)\n    " if alone else "",
        finish="    finish(vectors, d_vectors)\n" if alone else "",
    )
    head = HEAD.format(name=type(trace.cell).__name__) + imports(lines)
    return Step(
        head + "\n".join(lines) + "\n" + through,
        len(printer.terms),
        len(printer.kept) + len(printer.own),
        len(printer.operands),
        [(one.matrix, one.row, one.column, one.transposed) for one in printer.trace.products],
        list(trace.vectors),
        len(printer.constants) - len(trace.vectors),
    )
