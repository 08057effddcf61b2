"""Rows of a table by number, and their gradient: row by row where it came from."""

from typing import Any

from digitsum.kernels.compiling import inlined
from digitsum.kernels.lanes import LANES, load, store


@inlined
def look_up(out: Any, table: Any, first: int, rows: Any) -> None:
    """out[b] = table[rows[b], first:], for out [B, N], table [V, K], rows [B]."""
    for b in range(len(rows)):
        for n in range(0, out.shape[1], LANES):
            store(out, b, n, load(table, rows[b], first + n))


@inlined
def add_to_rows(table: Any, first: int, rows: Any, values: Any) -> None:
    """table[rows[b], first:] += values[b], for table [V, K], rows [B], values [B, N]."""
    for b in range(len(rows)):
        for n in range(0, values.shape[1], LANES):
            row, column = rows[b], first + n
            store(table, row, column, load(table, row, column) + load(values, b, n))
