"""Cells of rectified linear units, whose recurrence starts as the identity."""

import torch
from torch import Generator, Tensor

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation


class IRNN(Cell):
    """h_t = relu(x_t W + h_{t-1} U + b), meant to start at U = I, b = 0. Le et al. 2015."""

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (torch.relu(a + h @ self.U),)


class IndRNN(Cell):
    """h_t = relu(x_t W + u * h_{t-1} + b), each unit seeing itself alone. Li et al. 2018, eq. 2.

    u [R, 1, H] starts as the diagonal of what U would, so at 1 from the identity: the largest
    |u| for which nothing explodes at any length.
    """

    u: Tensor

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        start = super()._start(by, init)
        return start | {"u": start.pop("U").diagonal(dim1=1, dim2=2).unsqueeze(1).clone()}

    def spectral_matrix(self) -> Tensor:
        return self.u.squeeze(1).diag_embed()

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (torch.relu(a + self.u * h),)
