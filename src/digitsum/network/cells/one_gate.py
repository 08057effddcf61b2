"""Cells of one gate: what of the LSTM and the GRU can be left out."""

import torch
from torch import Generator, Tensor

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation


class UGRNN(Cell):
    """Update gate RNN: h_t = g h_{t-1} + (1 - g) tanh(...), g = sigmoid(...).

    Collins, Sohl-Dickstein and Sussillo 2017, appendix; without the constant that they (and
    TensorFlow) add inside the gate, so that it starts like the other cells' gates here.
    """

    gates = ("g", "n")
    candidate = "n"

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        g, n = (a + h @ self.U).chunk(2, dim=-1)
        g, n = torch.sigmoid(g), torch.tanh(n)
        return (g * h + (1 - g) * n,)


class MGU(Cell):
    """Minimal gated unit: the gate f forgets before the product, and mixes after it.

    f = sigmoid(x W_f + h U_f + b_f); n = tanh(x W_n + (f h) U_n + b_n);
    h_t = (1 - f) h_{t-1} + f n. Zhou et al. 2016.
    """

    gates = ("f", "n")
    candidate = "n"

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        a_f, a_n = a.chunk(2, dim=-1)
        U_f, U_n = self.U.chunk(2, dim=-1)
        f = torch.sigmoid(a_f + h @ U_f)
        n = torch.tanh(a_n + (f * h) @ U_n)
        return ((1 - f) * h + f * n,)


class MinGRU(Cell):
    """A GRU whose gate and candidate don't see h: h_t = (1 - z) h_{t-1} + z (x W_n + b_n).

    z = sigmoid(x W_z + b_z). Feng et al. 2024, section 3.1; the plain form, whose candidate is
    linear (their log-space form, for parallel scans, bounds it from below).
    """

    gates = ("z", "n")

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        start = super()._start(by, init)
        del start["U"]
        return start

    def spectral_matrix(self) -> Tensor:
        """Zero: no product sees h."""
        return self.W.new_zeros(len(self.W), self.hidden_size, self.hidden_size)

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        z, n = a.chunk(2, dim=-1)
        z = torch.sigmoid(z)
        return ((1 - z) * h + z * n,)
