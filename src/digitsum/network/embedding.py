"""Digits as vectors: each class offers `table` [R, V, E], a row for each item: of digits, ten."""

import torch
from torch import Generator, Tensor, nn

from digitsum.network.initialisation import xavier
from digitsum.task.question import DIGITS


class Embedding(nn.Module):
    """What an embedding is: `size` E, and `table` [R, V, E]."""

    size: int
    table: Tensor

    def forward(self, digits: Tensor) -> Tensor:
        """Look up digits [R, B, T] -> vectors [R, B, T, E]."""
        replica = torch.arange(len(self.table), device=digits.device)[:, None, None]
        return self.table[replica, digits]


class Frozen(Embedding):
    """A Xavier-uniform table that is never trained (the blog), but is saved with the model."""

    def __init__(self, by: list[Generator], size: int = 32, items: int = DIGITS) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("table", torch.stack([xavier(items, size, one) for one in by]))


class Learned(Embedding):
    """The same start as `Frozen`, trained (the book)."""

    def __init__(self, by: list[Generator], size: int = 32, items: int = DIGITS) -> None:
        super().__init__()
        self.size = size
        self.table = nn.Parameter(torch.stack([xavier(items, size, one) for one in by]))


class OneHot(Embedding):
    """Digit d is the d-th unit vector: the cell's own W is the table."""

    def __init__(self, by: list[Generator], items: int = DIGITS) -> None:
        super().__init__()
        self.size = items
        self.register_buffer("table", torch.eye(items).repeat(len(by), 1, 1))


class Scalar(Embedding):
    """Digit d is the number d itself: the book asks what goes wrong without an embedding."""

    def __init__(self, by: list[Generator], items: int = DIGITS) -> None:
        super().__init__()
        self.size = 1
        values = torch.arange(items, dtype=torch.get_default_dtype())
        self.register_buffer("table", values[None, :, None].repeat(len(by), 1, 1))
