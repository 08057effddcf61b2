"""A classifier's replicas as flat rows of numbers, and back."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digitsum.kernels.epoch import Examples, Records, Rows, ready, records_for
from digitsum.kernels.layout import Layout, Work, aligned, work_for
from digitsum.kernels.numerics import Array
from digitsum.kernels.steps import addresses, step_of
from digitsum.kernels.update import ANSWER, Rule, row_of
from digitsum.machine import usable_cores
from digitsum.network.classifier import Classifier


def tensors_of(classifier: Classifier) -> dict[str, Tensor]:
    """All that a step uses, by name: first what every network has, as `network` counts it."""
    cell, readout = classifier.cell, classifier.readout
    first = {"table": classifier.embedding.table, "W": cell.W, "b": cell.b}
    first |= {"V": readout.V, "c": readout.c}
    others = dict(cell.named_parameters()) | dict(cell.named_buffers())
    known = {id(one) for one in first.values()}
    return first | {n: one for n, one in others.items() if id(one) not in known and one.dim() == 3}


class FlatNetwork:
    """The rows of R networks: each tensor is a stretch of every row.

    Args:
        classifier: whose tensors are meant; on the CPU.
        threads: among which replicas are shared out.

    Raises:
        TypeError: the cell's step can't be compiled; see `symbols.trace`.
    """

    def __init__(self, classifier: Classifier, threads: int) -> None:
        cell = classifier.cell
        self.step = step_of(cell)
        tensors = tensors_of(classifier)
        self.tensors = list(tensors.values())
        names = list(tensors)
        self.starts, self.width = row_of([one[0].numel() for one in self.tensors])
        places = [
            [start, *one.shape[1:]] for start, one in zip(self.starts, self.tensors, strict=True)
        ]
        step = self.step.step
        products, seen = [], set()
        for matrix, row, column, transposed in step.matrices:
            tensor, block = names.index(matrix), (matrix, row, column)
            products.append([tensor, row, column, transposed, block in seen])
            seen.add(block)
        vectors = [[names.index(name), column] for name, column in step.vectors]
        trained = [i for i, one in enumerate(self.tensors) if one.requires_grad]
        whole: Callable[[Iterable[Any]], Array] = lambda of: np.array(list(of), np.int64)  # noqa: E731
        self.layout = Layout(
            whole(places),
            whole(products).reshape(-1, 5),
            whole(vectors).reshape(-1, 2),
            whole(trained),
            whole(cell.states.index(name) for name in cell.readout),
            len(cell.gates),
            len(cell.states),
            step.terms,
            step.kept,
            step.operands,
            step.derived,
        )
        self.hidden_size = cell.hidden_size
        self.replicas = len(cell.W)
        self.dtype = torch.empty(0, dtype=cell.W.dtype).numpy().dtype
        share = -(-self.replicas // min(threads, self.replicas))
        self._shares = [(i, min(i + share, self.replicas)) for i in range(0, self.replicas, share)]
        self._pool = ThreadPoolExecutor(len(self._shares) - 1) if len(self._shares) > 1 else None
        self._go: Any = None
        self._cell = (0, 0)
        self._rooms: dict[tuple[int, int], tuple[tuple[int, int], Work, Array]] = {}
        self.weights = self.empty()
        self.no_rows = np.zeros((0, self.width), self.dtype)

    def place(self, tensor: Tensor) -> int:
        """Which of `self.tensors` it is."""
        return next(i for i, one in enumerate(self.tensors) if one is tensor)

    def empty(self) -> Array:
        """A row of zeros for each replica."""
        return np.zeros((self.replicas, self.width), self.dtype)

    def write(self, rows: Array, tensors: Iterable[Tensor | None]) -> None:
        """Tensors [R, ...], in the order of `self.tensors`, into rows; None is passed over."""
        for start, tensor in zip(self.starts, tensors, strict=True):
            if tensor is not None:
                flat = tensor.detach().reshape(self.replicas, -1).numpy()
                rows[:, start : start + flat.shape[1]] = flat

    def read(self, rows: Array, tensors: Iterable[Tensor | None]) -> None:
        """Rows back into tensors."""
        with torch.no_grad():
            for start, tensor in zip(self.starts, tensors, strict=True):
                if tensor is not None:
                    stop = start + tensor[0].numel()
                    tensor.copy_(torch.from_numpy(rows[:, start:stop]).view(tensor.shape))

    def run(
        self, rule: Rule, examples: Examples, rows: Rows, records: Records, begin: int, before: int
    ) -> None:
        """`epoch.go` for all replicas, shared out among the threads."""
        go = self._go or self.compile()
        given: Any = (self._cell, self.layout, rule, examples, rows, records)
        calls = [
            (*given, *self._room(examples, share), begin, float(before), *share)
            for share in self._shares
        ]
        others = [self._pool.submit(go, *call) for call in calls[1:] if self._pool]
        go(*calls[0])
        for other in others:
            other.result()

    def _room(self, examples: Examples, share: tuple[int, int]) -> tuple[Work, Array]:
        """What one thread works in, the last time's where that fits: steps leave zeros where they
        found them.
        """
        size = examples.batch, examples.digits.shape[2]
        if share not in self._rooms or self._rooms[share][0] != size:
            work = work_for(self.layout, self.dtype, *size)
            self._rooms[share] = size, work, aligned((1, self.width), self.dtype)
        return self._rooms[share][1:]

    def answer(
        self, digits: Array, labels: Array, batch: int, states: bool = False
    ) -> tuple[Array, Array, Array]:
        """Mean losses [R], right answers [R], and the states [R, T, N, H] where asked for.

        Args:
            digits, labels: [R, N, T] and [R, N].
            batch: examples at once.
            states: whether to return the states.
        """
        (replicas, count, length), hidden = digits.shape, self.hidden_size
        steps = -(-count // batch)
        order = np.arange(count, dtype=np.int64).reshape(1, 1, count)
        reads = len(self.layout.read)
        room = np.zeros((replicas if states else 0, length, count, reads, hidden), self.dtype)
        records = records_for(steps, replicas, self.dtype, states=room)
        rows = self._only_weights()
        self.run(ANSWER, Examples(digits, labels, order, batch, steps), rows, records, 0, 0)
        # In doubles, so that the rounded mean doesn't depend on how many replicas are beside it.
        losses = (records.losses.sum(0, dtype=np.float64) / count).astype(self.dtype)
        shape = (*records.states.shape[:3], reads * hidden)
        return losses, records.right.sum(0), records.states.reshape(shape)

    def _only_weights(self) -> Rows:
        none = self.no_rows
        return Rows(self.weights, none, none, none, np.zeros(self.replicas, np.bool_))

    def compile(self) -> Any:
        """Compile, or load what was compiled before."""
        self._cell = addresses(self.step.name, self.dtype)
        self._go = ready(self.dtype)
        return self._go


def usable_threads() -> int:
    """How many threads this process may use: torch's number, within the cores it may run on."""
    return max(1, min(torch.get_num_threads(), usable_cores()))
