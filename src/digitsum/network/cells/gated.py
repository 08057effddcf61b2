"""Gated cells: the LSTM and the GRU, as torch has them."""

from types import MappingProxyType

import torch
from torch import Generator, Tensor

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation, stacked


class LSTM(Cell):
    """Long short-term memory, gates in the order of `torch.nn.LSTM`.

    i, f, o = sigmoid(...), g = tanh(...); c_t = f c_{t-1} + i g; h_t = o tanh(c_t).
    Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    """

    gates = ("i", "f", "g", "o")
    candidate = "g"
    states = ("h", "c")
    keeps = MappingProxyType({"f": 1})
    admits = ("i",)

    def activations(self, a: Tensor, h: Tensor) -> State:
        """The gates (i, f, g, o), each [R, B, H]."""
        i, f, g, o = (a + h @ self.U).chunk(4, dim=-1)
        return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)

    def step(self, a: Tensor, state: State) -> State:
        h, c = state
        i, f, g, o = self.activations(a, h)
        c = f * c + i * g
        return o * torch.tanh(c), c


class GRU(Cell):
    """Gated recurrent unit, as `torch.nn.GRU` has it: the reset gate acts after the product.

    r, z = sigmoid(...); n = tanh(x W_n + b_n + r (h U_n + d)); h_t = (1 - z) n + z h_{t-1}.
    Cho et al. 2014. Beside W, U and b it has d [R, 1, H], the bias inside the reset.
    """

    gates = ("r", "z", "n")
    candidate = "n"
    keeps = MappingProxyType({"z": 1})
    d: Tensor

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        return super()._start(by, init) | {"d": stacked(init.bias, 1, self.hidden_size, 1, by)}

    def activations(self, a: Tensor, h: Tensor) -> State:
        """The gates (r, z, n), each [R, B, H]."""
        a_r, a_z, a_n = a.chunk(3, dim=-1)
        u_r, u_z, u_n = (h @ self.U).chunk(3, dim=-1)
        r, z = torch.sigmoid(a_r + u_r), torch.sigmoid(a_z + u_z)
        return r, z, torch.tanh(a_n + r * (u_n + self.d))

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        _, z, n = self.activations(a, h)
        return ((1 - z) * n + z * h,)
