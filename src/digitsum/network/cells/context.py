"""An SRN beside units that change slowly by construction."""

from typing import Any

import torch
from torch import Generator, Tensor

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation, stacked


class SCRN(Cell):
    """s_t = (1 - alpha) (x W_s + b_s) + alpha s_{t-1}; h_t = sigmoid(x W_h + h U + s_t P + b_h).

    Both are read. Mikolov et al. 2015, eq. 6 to 8, alpha fixed (section 3.2); as many context units
    s as hidden ones, and biases, which the paper's equations leave out.
    """

    gates = ("s", "h")
    states = readout = ("h", "s")
    P: Tensor

    def __init__(self, *args: Any, alpha: float = 0.95, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.alpha = alpha

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        size = self.hidden_size
        own = {name: stacked(init.recurrent, size, size, 1, by) for name in ("U", "P")}
        return super()._start(by, init) | own

    def spectral_matrix(self) -> Tensor:
        return self.U

    def step(self, a: Tensor, state: State) -> State:
        h, s = state
        a_s, a_h = a.chunk(2, dim=-1)
        s = (1 - self.alpha) * a_s + self.alpha * s
        return torch.sigmoid(a_h + h @ self.U + s @ self.P), s
