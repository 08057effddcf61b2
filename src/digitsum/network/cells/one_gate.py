"""Cells of one gate: what of the LSTM and the GRU can be left out."""

from types import MappingProxyType

import torch
from torch import Generator, Tensor

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation, stacked


class UGRNN(Cell):
    """Update gate RNN: h_t = g h_{t-1} + (1 - g) tanh(...), g = sigmoid(...).

    Collins, Sohl-Dickstein and Sussillo 2017, appendix; without the constant that they (and
    TensorFlow) add inside the gate, so that it starts like the other cells' gates here.
    """

    gates = ("g", "n")
    candidate = "n"
    keeps = MappingProxyType({"g": 1})

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
    keeps = MappingProxyType({"f": -1})

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        a_f, a_n = a.chunk(2, dim=-1)
        U_f, U_n = self.U.chunk(2, dim=-1)
        f = torch.sigmoid(a_f + h @ U_f)
        n = torch.tanh(a_n + (f * h) @ U_n)
        return ((1 - f) * h + f * n,)


class FastGRNN(Cell):
    """One product for gate and candidate: h_t = (s(zeta) (1 - z) + s(nu)) n + z h_{t-1}.

    z = s(x W + h U + b + d), n = tanh(x W + h U + b), s the sigmoid. Kusupati et al. 2018, eq. 4,
    of full rank; d [R, 1, H] is what their two biases differ by, zeta and nu [R, 1, 1] start at 1
    and -4, as in the authors' code.
    """

    d: Tensor
    zeta: Tensor
    nu: Tensor

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        numbers = {
            name: torch.full((len(by), 1, 1), v) for name, v in (("zeta", 1.0), ("nu", -4.0))
        }
        d = stacked(init.bias, 1, self.hidden_size, 1, by)
        return super()._start(by, init) | {"d": d} | numbers

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        a = a + h @ self.U
        z, n = torch.sigmoid(a + self.d), torch.tanh(a)
        return ((torch.sigmoid(self.zeta) * (1 - z) + torch.sigmoid(self.nu)) * n + z * h,)


class NBRC(Cell):
    """Neuromodulated bistable cell: h_t = c h_{t-1} + (1 - c) tanh(x W_n + b_n + a h_{t-1}).

    a = 1 + tanh(x W_a + h U_a + b_a) (above 1 a unit has two stable states of its own), c =
    sigmoid(x W_c + h U_c + b_c). Vecoven et al. 2021, eq. 1 with matrices U (nBRC) in place of
    vectors (BRC).
    """

    gates = ("c", "a", "n")
    keeps = MappingProxyType({"c": 1})

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        size = self.hidden_size
        return super()._start(by, init) | {"U": stacked(init.recurrent, size, size, 2, by)}

    def spectral_matrix(self) -> Tensor:
        """What multiplies h in the candidate where nothing modulates it: the identity."""
        return torch.eye(self.hidden_size).to(self.W).expand(len(self.W), -1, -1)

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        a_c, a_a, n = a.chunk(3, dim=-1)
        u_c, u_a = (h @ self.U).chunk(2, dim=-1)
        c, own = torch.sigmoid(a_c + u_c), 1 + torch.tanh(a_a + u_a)
        return (c * h + (1 - c) * torch.tanh(n + own * h),)
