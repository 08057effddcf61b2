"""The textbook's own timing: each cell against torch's built-in layer, one replica.

Input 2 x 5 x 10 with hidden size 10, as in the book, and 8 x 20 x 32 with hidden size 32; 100
calls of which the first 10 are dropped; forward, and forward with backward. Medians, in us. Ours
takes the 90 calls as the compiled way does, in one, with the readout and the loss around the cell
and, with backward, the optimizer's step.

    python benchmarks/cells.py
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from digitsum.kernels.epoch import Examples, Rows, records_for
from digitsum.kernels.update import ANSWER, SGD
from digitsum.network.cells import GRU, LSTM, SRN, Cell
from digitsum.network.classifier import Classifier, Readout
from digitsum.network.embedding import Frozen
from digitsum.network.initialisation import Initialisation, replica_generators, uniform
from digitsum.network.recurrence import rows_of, states
from digitsum.training.ways.rows import FlatNetwork

CALLS, DROPPED = 100, 10
SIZES = ((2, 5, 10, 10), (8, 20, 32, 32))
PAIRS: tuple[tuple[type[Cell], type[nn.RNNBase]], ...] = (
    (SRN, nn.RNN),
    (LSTM, nn.LSTM),
    (GRU, nn.GRU),
)


def ours(kind: type[Cell], batch: int, length: int, size: int, hidden: int, back: bool) -> float:
    """Microseconds a call, the median of nine times 90 calls."""
    by = replica_generators(0, 1)
    init = Initialisation(uniform, uniform, uniform)
    table = Frozen(by, size)
    network = FlatNetwork(
        Classifier(table, kind(size, hidden, by, init), Readout(hidden, by)), threads=1
    )
    network.write(network.weights, network.tensors)
    digits = np.random.default_rng(0).integers(0, 10, (1, batch, length)).astype(np.uint8)
    labels = (digits[:, :, 0] + digits[:, :, 1]).astype(np.int64)
    order = np.arange(batch, dtype=np.int64).reshape(1, 1, batch)
    rule = ANSWER._replace(optimizer=SGD, lr=1e-4, mean=True) if back else ANSWER
    moments = [network.empty() for _ in range(3)]
    rows = Rows(network.weights, *moments, np.zeros(1, np.bool_))
    times = []
    for _ in range(10):
        start = time.perf_counter()
        examples = Examples(digits, labels, order, batch, 1)
        records = records_for(CALLS - DROPPED, network.replicas, network.dtype)
        network.run(rule, examples, rows, records, 0, 0)
        times.append((time.perf_counter() - start) / (CALLS - DROPPED))
    return statistics.median(times[1:]) * 1e6


def plain_loop(cell: Cell, flat: Tensor, rows: Tensor) -> Tensor:
    *_, last = states(cell, cell.project(flat), rows)
    return last[0]


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
            for words, backward in (("forward", False), ("forward, backward", True)):
                taken = [
                    ours(kind, batch, length, size, hidden, backward),
                    timed(partial(plain_loop, cell, flat, rows), backward),
                    timed(partial(built_in, theirs, inputs[0]), backward),
                ]
                table.add_row(
                    f"{batch} x {length} x {size}, {hidden}",
                    kind.__name__,
                    words,
                    *(f"{one:.1f}" for one in taken),
                    f"{taken[2] / taken[0]:.1f}",
                )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
