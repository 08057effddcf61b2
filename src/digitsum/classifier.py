"""embedding -> cell -> linear readout of the last hidden state."""

import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Generator, Tensor, nn

from digitsum.backpropagation import Backpropagation
from digitsum.cells import Cell
from digitsum.embedding import Embedding
from digitsum.loss import Reduction, replica_losses
from digitsum.recurrence import Recurrence, kernel_of, last_state
from digitsum.task import CLASSES


class Readout(nn.Module):
    """logits = h V + c, with V [R, H, C] and c [R, 1, C] started as `torch.nn.Linear` starts."""

    def __init__(self, hidden_size: int, by: list[Generator]) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        shape = (hidden_size + 1, CLASSES)
        start = torch.stack([torch.empty(shape).uniform_(-bound, bound, generator=g) for g in by])
        self.V = nn.Parameter(start[:, :-1].clone())
        self.c = nn.Parameter(start[:, -1:].clone())

    def forward(self, h: Tensor) -> Tensor:
        """[R, B, H] -> [R, B, C]."""
        return torch.baddbmm(self.c, h, self.V)


class Classifier(nn.Module):
    """R independent networks side by side; nothing in one depends on another.

    Args:
        embedding: digits to vectors.
        cell: the recurrent cell, with the embedding's size as its input size.
        readout: hidden state to logits.
        recurrence: `fast` or `reference`, equal but for rounding.
    """

    def __init__(
        self,
        embedding: Embedding,
        cell: Cell,
        readout: Readout,
        recurrence: Recurrence = "fast",
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.cell = cell
        self.readout = readout
        self.recurrence = recurrence
        self.states: Tensor | None = None  # of the last call of `forward`, for whoever looks on

    def forward(self, digits: Tensor) -> Tensor:
        """Sequences [R, B, T] -> logits [R, B, C]."""
        self.states = None  # two trajectories at once would double the peak of memory
        last, self.states = self.hidden(digits)
        return cast(Tensor, self.readout(last))

    def losses(
        self, digits: Tensor, labels: Tensor, reduction: Reduction = "mean"
    ) -> tuple[Tensor, Tensor, Callable[[Tensor], None]]:
        """One training step but for the optimizer's part.

        Returns:
            Losses [R], logits [R, B, C], and what leaves each replica's gradient in `grad` when it
            is called with the losses (of which it needs the graph, where they have one).
        """
        kernel = kernel_of(self.cell, digits, self.recurrence)
        if kernel is None:
            logits = self(digits)
            losses = replica_losses(logits, labels, reduction)
            return losses, logits.detach(), lambda losses: losses.sum().backward()
        self.states = None
        weight = 1 / labels.shape[1] if reduction == "mean" else 1.0
        step = Backpropagation(self, kernel, digits, labels, weight)
        self.states = step.states
        return step.losses, step.logits, lambda losses: step.backward()

    def hidden(self, digits: Tensor) -> tuple[Tensor, Tensor]:
        """Sequences [R, B, T] -> h_T [R, B, H] and, without gradient, h_1..h_T [R, T, B, H]."""
        table = self.cell.project(self.embedding.table)
        return last_state(self.cell, table, digits, self.recurrence)
