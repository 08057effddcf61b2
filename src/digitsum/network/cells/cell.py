"""What all cells share.

A cell multiplies its inputs by W once for all times (`project`, so that `a` below is
x_t W + b) and then takes one `step` after another; `digitsum.network.recurrence` holds the loop.
Every parameter has the replica axis first.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from digitsum.network.initialisation import Initialisation, stacked

State = tuple[Tensor, ...]


class Cell(nn.Module):
    """Weights W [R, E, K], U [R, H, K], b [R, 1, K], with K = gates x H, and a `step`.

    Args:
        input_size: E.
        hidden_size: H.
        by: a generator for each replica, from `initialisation.replica_generators`.
        init: how W, U and b start. Needed unless `weights` are given.
        weights: explicit parameters by name, in the shapes above, instead of `by` and `init`.

    The state is a tuple of [R, B, H] tensors of which the first is the hidden state h.
    """

    gates: ClassVar[tuple[str, ...]] = ("h",)
    candidate: ClassVar[str] = "h"  # the gate whose block of U carries the state on
    states: ClassVar[int] = 1

    W: nn.Parameter
    U: nn.Parameter
    b: nn.Parameter

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        by: list[Generator] | None = None,
        init: Initialisation | None = None,
        weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        if weights is None:
            if by is None or init is None:
                raise TypeError(f"{type(self).__name__} needs `by` and `init`, or `weights`")
            weights = self._start(by, init)
        for name, value in weights.items():
            setattr(self, name, nn.Parameter(value))

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        gates, size = len(self.gates), self.hidden_size
        return {
            "W": stacked(init.input, self.input_size, size, gates, by),
            "U": stacked(init.recurrent, size, size, gates, by),
            "b": stacked(init.bias, 1, size, gates, by),
        }

    def project(self, inputs: Tensor) -> Tensor:
        """x W + b for all inputs at once: [R, N, E] -> [R, N, K]."""
        return torch.baddbmm(self.b, inputs, self.W)

    def initial_state(self, replicas: int, batch: int) -> State:
        """h_0 = 0 (and c_0 = 0 for the LSTM)."""
        zero = self.W.new_zeros(replicas, batch, self.hidden_size)
        return (zero,) * self.states

    def spectral_matrix(self) -> Tensor:
        """What multiplies h in a step, of gated cells in the candidate: [R, H, H]."""
        return self.U.chunk(len(self.gates), dim=-1)[self.gates.index(self.candidate)]

    def step(self, a: Tensor, state: State) -> State:
        """One time step: projected inputs `a` [R, B, K] and a state -> the next state."""
        raise NotImplementedError
