"""How weights start, apart from the cells that own them.

A filler makes one gate's matrix of one replica; an `Initialisation` says which filler makes the
input weights W, the recurrent weights U and the biases b. Initialisation decides the plain SRN's
result, so it is a knob: the blog starts everything at zero, the book at Xavier.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from digitsum.errors import UserError

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
    """Which filler starts which of a cell's parameters; and how far open gates start that keep the
    state, see `openings`.
    """

    input: Filler
    recurrent: Filler
    bias: Filler = zeros
    forget_bias: float | None = None
    chrono: int | None = None

    def openings(self, size: int, by: list[Generator]) -> Tensor | None:
        """Biases [R, 1, size] for the gates that keep the state; None where they are as others.

        `forget_bias` is one number for all (Jozefowicz et al. 2015, section 2). `chrono` is the
        longest time that is to be bridged: log of uniform from 1 to that less 1, so that units
        forget within any of these times (Tallec and Ollivier 2018, eq. 16).

        Raises:
            UserError: both are given, or times that can't be.
        """
        if self.forget_bias is not None and self.chrono is not None:
            raise UserError("init.forget_bias: init=chrono draws these biases; give one of the two")
        if self.chrono is not None:
            if self.chrono < 3:
                raise UserError(f"init.chrono is {self.chrono}; it must be 3 or more")
            drawn = [torch.empty(1, size).uniform_(1, self.chrono - 1, generator=g) for g in by]
            return torch.stack(drawn).log()
        if self.forget_bias is None:
            return None
        return torch.full((len(by), 1, size), float(self.forget_bias))


def replica_generators(seed: int, replicas: int) -> list[Generator]:
    """One CPU generator a replica, seeded `seed + i`: replica i starts as that seed would."""
    return [Generator().manual_seed(seed + i) for i in range(replicas)]


def layer_generators(seed: int, replicas: int, layer: int) -> list[Generator]:
    """The same for a layer above the first: a stream of its own for each seed and layer."""
    states = (np.random.SeedSequence((seed + i, layer)) for i in range(replicas))
    words = [int(one.generate_state(1, np.uint64)[0]) for one in states]
    return [Generator().manual_seed(word >> 1) for word in words]


def stacked(filler: Filler, rows: int, columns: int, gates: int, by: list[Generator]) -> Tensor:
    """Fill every gate of every replica: [R, rows, gates x columns]."""
    return torch.stack(
        [torch.cat([filler(rows, columns, one) for _ in range(gates)], dim=1) for one in by]
    )
