"""Kin of the LSTM: what its gates see, which of them it needs, and gates that are exponentials."""

from types import MappingProxyType

import torch
from torch import Generator, Tensor
from torch.nn.functional import softplus

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation, stacked


class PeepholeLSTM(Cell):
    """An LSTM whose gates see the cell: i, f = sigmoid(... + p c_{t-1}), o = sigmoid(... + p c_t).

    g = tanh(...); c_t = f c_{t-1} + i g; h_t = o tanh(c_t). Gers and Schmidhuber 2000; each gate's
    own p [R, 1, H], together p [R, 1, 3 H], starts as biases do. Gers et al. 2002 have the output
    gate see c_t, as here.
    """

    gates = ("i", "f", "g", "o")
    candidate = "g"
    states = ("h", "c")
    keeps = MappingProxyType({"f": 1})
    admits = ("i",)
    p: Tensor

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        return super()._start(by, init) | {"p": stacked(init.bias, 1, self.hidden_size, 3, by)}

    def step(self, a: Tensor, state: State) -> State:
        h, c = state
        i, f, g, o = (a + h @ self.U).chunk(4, dim=-1)
        p_i, p_f, p_o = self.p.chunk(3, dim=-1)
        c = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
        return torch.sigmoid(o + p_o * c) * torch.tanh(c), c


class CoupledLSTM(Cell):
    """An LSTM that lets in as much as it forgets: c_t = f c_{t-1} + (1 - f) g; h_t = o tanh(c_t).

    f, o = sigmoid(...), g = tanh(...). Greff et al. 2017, CIFG; without peepholes.
    """

    gates = ("f", "g", "o")
    candidate = "g"
    states = ("h", "c")
    keeps = MappingProxyType({"f": 1})

    def step(self, a: Tensor, state: State) -> State:
        h, c = state
        f, g, o = (a + h @ self.U).chunk(3, dim=-1)
        f = torch.sigmoid(f)
        c = f * c + (1 - f) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class JANET(Cell):
    """Just a forget gate: h_t = sigmoid(s) h_{t-1} + (1 - sigmoid(s - 1)) tanh(...).

    s = x W_f + h U_f + b_f. Van der Westhuizen and Lasenby 2018, eq. 3, with their beta = 1.
    """

    gates = ("f", "g")
    candidate = "g"
    keeps = MappingProxyType({"f": 1})

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        s, g = (a + h @ self.U).chunk(2, dim=-1)
        return (torch.sigmoid(s) * h + (1 - torch.sigmoid(s - 1)) * torch.tanh(g),)


class SLSTM(Cell):
    """An LSTM with an exponential input gate, a normaliser n and a stabiliser m.

    m_t = max(log f + m_{t-1}, i~); i = exp(i~ - m_t), f' = exp(log f + m_{t-1} - m_t);
    c_t = f' c_{t-1} + i z; n_t = f' n_{t-1} + i; h_t = o c_t / n_t; z = tanh(...), o, f =
    sigmoid(...).
    Beck et al. 2024, eq. 8 to 17. Of the paper's two forget gates (sigmoid or exp) the sigmoid, as
    the authors' code has it; one head. m only keeps numbers in range: h doesn't depend on it.
    """

    gates = ("i", "f", "z", "o")
    candidate = "z"
    states = ("h", "c", "n", "m")
    keeps = MappingProxyType({"f": 1})

    def step(self, a: Tensor, state: State) -> State:
        h, c, n, m = state
        i, f, z, o = (a + h @ self.U).chunk(4, dim=-1)
        log_f = -softplus(-f) + m
        m = torch.maximum(log_f, i)
        i, f = torch.exp(i - m), torch.exp(log_f - m)
        c, n = f * c + i * torch.tanh(z), f * n + i
        return torch.sigmoid(o) * (c / n), c, n, m
