"""The loop over time, once for all cells: plain, readable, on any device."""

from collections.abc import Iterator

import torch
from torch import Tensor

from digitsum.network.cells.cell import Cell, State


def states(cell: Cell, table: Tensor, rows: Tensor) -> Iterator[State]:
    """A cell's states at times 1 ... T, one after another.

    Args:
        cell: the cell.
        table: projected inputs [R, V, K]; digits need ten rows, other inputs one each (`rows_of`).
        rows: int64 [R, B, T], which row of the table is the input at each time.
    """
    replica = torch.arange(len(rows), device=rows.device)[:, None]
    state = cell.initial_state(*rows.shape[:2])
    for t in range(rows.shape[2]):
        state = cell.step(table[replica, rows[:, :, t]], state)
        yield state


def rows_of(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Arbitrary inputs [R, B, T, E] as a flat table [R, B x T, E] and its rows [R, B, T]."""
    replicas, batch, length, size = inputs.shape
    rows = torch.arange(batch * length, device=inputs.device).view(1, batch, length)
    return inputs.reshape(replicas, -1, size), rows.expand(replicas, -1, -1).contiguous()
