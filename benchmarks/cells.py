"""The textbook's own timing: each cell against torch's built-in layer.

Input 2 x 5 x 10 with hidden size 10, as in the book, and 8 x 20 x 32 with hidden size 32; 100 calls
of which the first 10 are dropped; forward, and forward with backward. Medians, in microseconds.

    python benchmarks/cells.py
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from digitsum.cells import GRU, LSTM, SRN, Cell
from digitsum.initialisation import Initialisation, replica_generators, uniform
from digitsum.recurrence import Recurrence, last_state, rows_of

CALLS, DROPPED = 100, 10
SIZES = ((2, 5, 10, 10), (8, 20, 32, 32))
PAIRS: tuple[tuple[type[Cell], type[nn.RNNBase]], ...] = (
    (SRN, nn.RNN),
    (LSTM, nn.LSTM),
    (GRU, nn.GRU),
)


def ours(cell: Cell, flat: Tensor, rows: Tensor, recurrence: Recurrence) -> Tensor:
    return last_state(cell, cell.project(flat), rows, recurrence)[0]


def built_in(layer: nn.RNNBase, inputs: Tensor) -> Tensor:
    return layer(inputs)[0][:, -1]  # type: ignore[no-any-return]


def timed(call: Callable[[], Tensor], backward: bool) -> float:
    """Median time of a call, with its backward pass where asked for."""
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        last = call()
        if backward:
            last.sum().backward()
        times.append(time.perf_counter() - start)
    return statistics.median(times[DROPPED:]) * 1e6


def main() -> None:
    table = Table(title="one replica, microseconds, median of 90 calls")
    headings = ("input, hidden", "cell", "pass", "ours", "plain loop", "torch", "torch / ours")
    for heading in headings:
        table.add_column(heading, justify="right")
    init = Initialisation(uniform, uniform, uniform)
    for batch, length, size, hidden in SIZES:
        inputs = torch.randn(1, batch, length, size)
        flat, rows = rows_of(inputs)
        for kind, layer in PAIRS:
            cell = kind(size, hidden, replica_generators(0, 1), init)
            theirs = layer(size, hidden, batch_first=True)

            passes = (
                partial(ours, cell, flat, rows, "fast"),
                partial(ours, cell, flat, rows, "reference"),
                partial(built_in, theirs, inputs[0]),
            )
            for words, backward in (("forward", False), ("forward, backward", True)):
                taken = [timed(one, backward) for one in passes]
                table.add_row(
                    f"{batch} x {length} x {size}, {hidden}",
                    kind.__name__,
                    words,
                    *(f"{one:.0f}" for one in taken),
                    f"{taken[2] / taken[0]:.2f}",
                )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
