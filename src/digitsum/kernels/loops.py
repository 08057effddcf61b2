"""The text of a function, and of a loop that computes expressions element by element.

`at_x` is the array in which the values of x stand.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from digitsum.kernels.language import ELEMENTARY, NUMERICS
from digitsum.kernels.symbols import Function


class _Code(StrPrinter):
    """Expressions as Python has them, powers as products: lanes have no power."""

    def _print_Float(self, expression: sp.Float) -> str:  # noqa: N802
        return repr(float(expression))

    def _print_Pow(self, expression: sp.Pow, **_: object) -> str:  # noqa: N802  SymPy's name
        if expression.exp.is_Integer and expression.exp > 1:
            base = self.parenthesize(expression.base, PRECEDENCE["Pow"])
            return "*".join([base] * int(expression.exp))
        return str(super()._print_Pow(expression))


_code = _Code()


def at(symbol: sp.Symbol) -> str:
    return f"at_{symbol}"


def loop(
    shape: str,
    stores: Mapping[sp.Symbol, sp.Expr],
    sums: Mapping[sp.Symbol, sp.Expr],
    functions: Sequence[Function],
    there: set[sp.Symbol],
    constants: Sequence[sp.Symbol],
    rows: Mapping[sp.Symbol, str] | None = None,
) -> list[str]:
    """Compute and store: over the batch, and eight units at a time over the state.

    Args:
        shape: the name of an array [B, H].
        stores: what to compute, by the symbol where it goes.
        sums: the same, added over the batch to what stands there.
        functions: that may be needed, in order; those that are and aren't `there` are computed.
        there: symbols whose values stand in arrays already.
        constants: symbols whose arrays have one row for the whole batch.
        rows: where the digits' own rows of a table are read, or added to.
    """
    rows = rows or {}
    wanted = [*stores.values(), *sums.values()]
    needed: list[Function] = []
    for one in reversed(functions):
        using = _symbols([*wanted, *(of for each in needed for of in each.of)])
        if one.symbol in using and one.symbol not in there:
            needed.insert(0, one)
    shared, plain = sp.cse(wanted, symbols=sp.numbered_symbols("x", real=True))
    computed = {one.symbol for one in needed} | {symbol for symbol, _ in shared}
    expressions = [
        *(of for one in needed for of in one.of),
        *(value for _, value in shared),
        *plain,
    ]
    loads = sorted(_symbols(expressions) - computed, key=str)
    # Units outside where something is the same for the whole batch: it stays in a register.
    whole = [x for x in loads if x in constants]
    added = [x for x in sums if x not in rows]
    before = [f"{x} = load({at(x)}, 0, j)" for x in whole]
    before += [f"sum_{x} = load({at(x)}, 0, j)" for x in added]
    after = [f"store({at(x)}, 0, j, sum_{x})" for x in added]
    body = [f"{x} = load({rows.get(x, f'{at(x)}, b, j')})" for x in loads if x not in whole]
    for one in needed:
        given = ", ".join(_code.doprint(of) for of in one.of)
        body.append(f"{one.symbol} = {one.name}({given})")
    body += [f"{symbol} = {_code.doprint(value)}" for symbol, value in shared]
    for target, value in zip([*stores, *sums], plain, strict=True):
        text = _code.doprint(value)
        if not value.free_symbols:
            text = f"filled({loads[0]}, {text})"
        if target in added:
            body.append(f"sum_{target} = sum_{target} + {text}")
        elif target in rows:
            body.append(f"store({rows[target]}, load({rows[target]}) + {text})")
        else:
            body.append(f"store({at(target)}, b, j, {text})")
    batch, units = (
        f"for b in range({shape}.shape[0]):",
        f"for j in range(0, {shape}.shape[1], LANES):",
    )
    inner = [f"        {line}" for line in body]
    if not before:
        return [batch, f"    {units}", *inner]
    return [units, *_in(before), f"    {batch}", *inner, *_in(after)]


def _in(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def imports(lines: Sequence[str]) -> str:
    """Of the functions that these lines call."""
    text, told = "\n".join(lines), ""
    for module, names in (("elementary", ELEMENTARY), ("numerics", NUMERICS)):
        used = sorted(name for name in names if re.search(rf"\b{name}\(", text))
        told += f"from digitsum.kernels.{module} import {', '.join(used)}\n" if used else ""
    return told


def _symbols(expressions: Iterable[sp.Expr]) -> set[sp.Symbol]:
    return set().union(*(one.free_symbols for one in expressions))


def inlined_function(
    name: str, arguments: str, lines: list[str], places: Mapping[sp.Symbol, str]
) -> list[str]:
    """A function of these lines, which begins by naming the arrays that they use."""
    used = set(re.findall(r"\bat_\w+", "\n".join(lines)))
    named = [f"{at(x)} = {place}" for x, place in places.items() if at(x) in used]
    body = [*named, *lines] or ["pass"]
    return ["", "", "@forced", f"def {name}({arguments}):", *(f"    {line}" for line in body)]
