"""embedding -> cell -> linear readout of the last state."""

import math
from collections import deque
from typing import cast

import torch
from torch import Generator, Tensor, nn

from digitsum.network.cells.cell import Cell
from digitsum.network.embedding import Embedding
from digitsum.network.recurrence import states
from digitsum.task.question import SUM


class Readout(nn.Module):
    """logits = h V + c, with V [R, H, C] and c [R, 1, C] started as `torch.nn.Linear` starts."""

    def __init__(self, hidden_size: int, by: list[Generator], classes: int = SUM.classes) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        shape = (hidden_size + 1, classes)
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
    """

    def __init__(self, embedding: Embedding, cell: Cell, readout: Readout) -> None:
        super().__init__()
        self.embedding = embedding
        self.cell = cell
        self.readout = readout

    def forward(self, digits: Tensor) -> Tensor:
        """Sequences [R, B, T], or [B, T] for all alike -> logits [R, B, C]."""
        digits = digits.expand(len(self.cell.W), -1, -1)
        table = self.cell.project(self.embedding.table)
        (last,) = deque(states(self.cell, table, digits), maxlen=1)
        return cast(Tensor, self.readout(self.cell.read(last)))

    def hidden(self, digits: Tensor) -> Tensor:
        """Sequences [R, B, T], or [B, T] for all alike -> what is read then [R, T, B, H]."""
        digits = digits.expand(len(self.cell.W), -1, -1)
        table = self.cell.project(self.embedding.table)
        return torch.stack([self.cell.read(one) for one in states(self.cell, table, digits)], dim=1)
