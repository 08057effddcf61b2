"""Simple recurrent networks: plain, residual, linear, and the dial between the first two."""

from typing import Any

import torch
from torch import Tensor

from digitsum.network.cells.cell import Cell, State


class SRN(Cell):
    """Simple recurrent network: h_t = tanh(x_t W + h_{t-1} U + b). Elman 1990."""

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (torch.tanh(a + h @ self.U),)


class SRNResidual(Cell):
    """Residual SRN: h_t = h_{t-1} + tanh(x_t W + h_{t-1} U + b). NNDL eq. 6.50."""

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (h + torch.tanh(a + h @ self.U),)


class SRNLinear(Cell):
    """h_t = x_t W + h_{t-1} U + b: what the tanh is for."""

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (a + h @ self.U,)


class SRNSkip(Cell):
    """h_t = s h_{t-1} + tanh(x_t W + h_{t-1} U + b), with a fixed s.

    s = 0 is the SRN, s = 1 the residual SRN.

    Args:
        skip: s, the same for every unit; kept as a buffer s [R, 1, H].
    """

    s: Tensor

    def __init__(self, *args: Any, skip: float = 0.5, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register_buffer("s", torch.full_like(self.U[:, :1], skip))

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (self.s * h + torch.tanh(a + h @ self.U),)
