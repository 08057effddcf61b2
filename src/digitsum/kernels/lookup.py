"""Rows of a table by number, and their gradient: row by row where it came from."""

from typing import Any

from digitsum.kernels.numerics import inlined
from digitsum.kernels.simd import LANES, load, plus, store


@inlined
def gather(out: Any, table: Any, rows: Any) -> None:
    """out[b] = table[rows[b]], for out [B, N], table [V, N], rows [B]."""
    N = table.shape[1]
    eights = N // LANES * LANES
    for b in range(len(rows)):
        row = rows[b]
        for n in range(0, eights, LANES):
            store(out, b, n, load(table, row, n))
        for n in range(eights, N):
            out[b, n] = table[row, n]


@inlined
def scatter_add(table: Any, rows: Any, values: Any) -> None:
    """table[rows[b]] += values[b], for table [V, N], rows [B], values [B, N]."""
    N = table.shape[1]
    eights = N // LANES * LANES
    one = table.dtype.type(1)
    for b in range(len(rows)):
        row = rows[b]
        for n in range(0, eights, LANES):
            store(table, row, n, plus(load(table, row, n), one, load(values, b, n)))
        for n in range(eights, N):
            table[row, n] += values[b, n]
