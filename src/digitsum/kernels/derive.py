"""From a cell's equation to the way back through one time step, by the chain rule.

A step reads its *terms* (inputs x_t W + b and products with weights; several are one term where
only their sum is used), its state and its constants. Going backwards through the few things it
computes (`symbols.Trace`), each expression is differentiated by the symbols in it. A name `d_x` is
the gradient of the loss by x.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import sympy as sp

from digitsum.kernels.language import SLOPES
from digitsum.kernels.symbols import Function, Product, Trace, named

Sums = dict[sp.Symbol, sp.Expr]


@dataclass
class WayBack:
    """What the backward pass of a step computes.

    Attributes:
        terms: the gradient by each term. One that a product of something computed adds to is needed
            before that product can be gone back through, the last such first.
        states: the gradient by the state before; where the state itself is multiplied, that
            product's share is still to be added.
        constants: the gradient by each constant, of one element of the batch.
    """

    terms: Sums
    states: Sums
    constants: Sums

    def expressions(self) -> Iterable[sp.Expr]:
        return (*self.terms.values(), *self.states.values(), *self.constants.values())


def gradient(symbol: sp.Symbol) -> sp.Symbol:
    """d_x."""
    return named(f"d_{symbol}")


def operands(trace: Trace) -> list[sp.Expr]:
    """What is computed and then multiplied, in order; a state isn't among it."""
    found = dict.fromkeys(one.operand for one in trace.products)
    return [one for one in found if one not in trace.before]


def back_through(index: int) -> sp.Symbol:
    """The gradient by an operand, of its products alone."""
    return named(f"d_operand_{index}")


def summed(trace: Trace) -> Trace:
    """The same with one symbol for inputs and products that appear as their sum alone.

    A product's result is then added to what has the symbol already.
    """
    merged = True
    while merged:
        merged = False
        terms = list(dict.fromkeys([*trace.inputs, *(one.symbol for one in trace.products)]))
        for a, p in combinations(terms, 2):
            using = [one for one in trace.expressions() if one.has(a) or one.has(p)]
            if p not in trace.inputs and all(not one.subs(a, -p).has(p) for one in using):
                trace, merged = _merged(trace, a, p), True
                break
    return trace


def _merged(trace: Trace, a: sp.Symbol, p: sp.Symbol) -> Trace:
    program: list[Function | Product] = []
    for one in trace.program:
        if isinstance(one, Function):
            program.append(replace(one, of=tuple(each.subs(p, 0) for each in one.of)))
        else:
            symbol = a if one.symbol == p else one.symbol
            program.append(replace(one, symbol=symbol, operand=one.operand.subs(p, 0)))
    after = tuple(one.subs(p, 0) for one in trace.after)
    return replace(trace, program=program, after=after)


def _share(total: Sums, expression: sp.Expr, d: sp.Expr) -> None:
    """Hand a gradient on to all that an expression reads."""
    for symbol in expression.free_symbols:
        total[symbol] = total.get(symbol, sp.S.Zero) + d * sp.diff(expression, symbol)


def _share_function(total: Sums, one: Function, d: sp.Expr) -> None:
    for of, slope in zip(one.of, SLOPES[one.name](one.symbol, *one.of), strict=True):
        if slope != 0:
            _share(total, of, d * slope)


def way_back(trace: Trace) -> WayBack:
    """Differentiate a step.

    `d_h` in the result's expressions is the gradient by the state *after* the step.
    """
    total: Sums = {}
    for before, after in zip(trace.before, trace.after, strict=True):
        _share(total, after, gradient(before))
    terms: Sums = {}
    computed = operands(trace)
    first = {one.operand: number for number, one in reversed(list(enumerate(trace.program)))
             if isinstance(one, Product)}  # fmt: skip
    for number, one in reversed(list(enumerate(trace.program))):
        if isinstance(one, Function):
            _share_function(total, one, total.pop(one.symbol, sp.S.Zero))
            continue
        terms[one.symbol] = total.get(one.symbol, sp.S.Zero)
        if one.operand in computed and first[one.operand] == number:
            _share(total, one.operand, back_through(computed.index(one.operand)))
    return WayBack(
        terms | {a: total.get(a, sp.S.Zero) for a in trace.inputs},
        {h: total.get(h, sp.S.Zero) for h in trace.before},
        {w: total.get(w, sp.S.Zero) for w in trace.constants},
    )


def back_to_weights(trace: Trace) -> Sums:
    """By each weight, what comes of the gradients by all that is derived of weights alone."""
    total: Sums = {}
    constants = trace.constants
    for one in reversed(trace.derived):
        d = total.pop(one.symbol, sp.S.Zero)
        _share_function(total, one, d + (gradient(one.symbol) if one.symbol in constants else 0))
    return {w: total[w] for w in trace.vectors.values() if w in total}
