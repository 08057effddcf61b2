"""How weights start, apart from the cells that own them.

A filler makes one gate's matrix of one replica; an `Initialisation` says which filler makes the
input weights W, the recurrent weights U and the biases b. Initialisation decides the plain SRN's
result, so it is a knob: the blog starts everything at zero, the book at Xavier.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

Filler = Callable[[int, int, Generator], Tensor]


def zeros(rows: int, columns: int, generator: Generator) -> Tensor:
    """All zero. Shape [rows, columns], as for every filler."""
    return torch.zeros(rows, columns)


def xavier(rows: int, columns: int, generator: Generator) -> Tensor:
    """Uniform in +-sqrt(6 / (rows + columns)): Glorot and Bengio 2010, eq. 16."""
    bound = math.sqrt(6 / (rows + columns))
    return torch.empty(rows, columns).uniform_(-bound, bound, generator=generator)


def orthogonal(rows: int, columns: int, generator: Generator) -> Tensor:
    """Orthonormal rows or columns, whichever are fewer: Saxe et al. 2014."""
    return torch.nn.init.orthogonal_(torch.empty(rows, columns), generator=generator)


def identity(rows: int, columns: int, generator: Generator) -> Tensor:
    """The identity: Le, Jaitly and Hinton 2015, there for ReLU units."""
    return torch.eye(rows, columns)


def uniform(rows: int, columns: int, generator: Generator) -> Tensor:
    """Uniform in +-1/sqrt(columns), columns being the hidden size: PyTorch's recurrent layers."""
    bound = 1 / math.sqrt(columns)
    return torch.empty(rows, columns).uniform_(-bound, bound, generator=generator)


@dataclass(frozen=True)
class Initialisation:
    """Which filler starts which of a cell's parameters."""

    input: Filler
    recurrent: Filler
    bias: Filler = zeros


def replica_generators(seed: int, replicas: int) -> list[Generator]:
    """One CPU generator a replica, seeded `seed + i`: replica i starts as that seed would."""
    return [Generator().manual_seed(seed + i) for i in range(replicas)]


def stacked(filler: Filler, rows: int, columns: int, gates: int, by: list[Generator]) -> Tensor:
    """Fill every gate of every replica: [R, rows, gates x columns]."""
    return torch.stack(
        [torch.cat([filler(rows, columns, one) for _ in range(gates)], dim=1) for one in by]
    )
