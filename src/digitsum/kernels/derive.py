"""From a cell's equation to the way back through one time step, by the chain rule.

A step reads its *terms* (inputs x_t W + b and products with U, which are one term where only their
sum is used), its state and its vectors. Going backwards through the few things it computes
(`symbols.Trace`), each expression is differentiated by the symbols in it. A name `d_x` is the
gradient of the loss by x.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy as sp

from digitsum.kernels.symbols import Activation, Product, Trace, named

positive = sp.Function("positive")
# An activation's slope, in terms of its value.
SLOPES = {"tanh": lambda y: 1 - y**2, "sigmoid": lambda y: y - y**2, "relu": positive}


@dataclass
class WayBack:
    """What the backward pass of a step computes.

    Attributes:
        terms: the gradient by each term. One that a product of something computed adds to is needed
            before that product can be gone back through, the last such first.
        states: the gradient by the state before; where the state itself is multiplied, that
            product's share is still to be added.
        vectors: the gradient by each vector, of one element of the batch.
    """

    terms: dict[sp.Symbol, sp.Expr]
    states: dict[sp.Symbol, sp.Expr]
    vectors: dict[sp.Symbol, sp.Expr]

    def expressions(self) -> Iterable[sp.Expr]:
        return (*self.terms.values(), *self.states.values(), *self.vectors.values())


def gradient(symbol: sp.Symbol) -> sp.Symbol:
    """d_x."""
    return named(f"d_{symbol}")


def back_through(product: Product) -> sp.Symbol:
    """The gradient by a product's operand, of this product alone."""
    return named(f"d_operand_{product.symbol}")


def summed(trace: Trace) -> Trace:
    """The same with one symbol for an input and a product that appear as their sum alone.

    The product's result is then added to the input, under the input's name.
    """
    for a in trace.inputs:
        for product in trace.products:
            p = product.symbol
            using = [one for one in trace.expressions() if one.has(a) or one.has(p)]
            if p not in trace.inputs and all(not one.subs(a, -p).has(p) for one in using):
                trace = _merged(trace, a, p)
    return trace


def _merged(trace: Trace, a: sp.Symbol, p: sp.Symbol) -> Trace:
    program: list[Activation | Product] = []
    for one in trace.program:
        if isinstance(one, Activation):
            program.append(replace(one, of=one.of.subs(p, 0)))
        else:
            symbol = a if one.symbol == p else one.symbol
            program.append(replace(one, symbol=symbol, operand=one.operand.subs(p, 0)))
    after = tuple(one.subs(p, 0) for one in trace.after)
    return replace(trace, program=program, after=after)


def way_back(trace: Trace) -> WayBack:
    """Differentiate a step.

    `d_h` in the result's expressions is the gradient by the state *after* the step.
    """
    total: dict[sp.Symbol, sp.Expr] = {}

    def share(expression: sp.Expr, d: sp.Expr) -> None:
        for symbol in expression.free_symbols:
            total[symbol] = total.get(symbol, sp.S.Zero) + d * sp.diff(expression, symbol)

    for before, after in zip(trace.before, trace.after, strict=True):
        share(after, gradient(before))
    terms: dict[sp.Symbol, sp.Expr] = {}
    for one in reversed(trace.program):
        if isinstance(one, Activation):
            share(one.of, total.pop(one.symbol, sp.S.Zero) * SLOPES[one.name](one.symbol))
        else:
            terms[one.symbol] = total.get(one.symbol, sp.S.Zero)
            if one.operand not in trace.before:
                share(one.operand, back_through(one))
    return WayBack(
        terms | {a: total.get(a, sp.S.Zero) for a in trace.inputs},
        {h: total.get(h, sp.S.Zero) for h in trace.before},
        {w: total.get(w, sp.S.Zero) for w in trace.vectors.values()},
    )
