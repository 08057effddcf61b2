"""Cells whose gates and candidates don't see the state: made to stand in layers."""

import math
from types import MappingProxyType

import torch
from torch import Generator, Tensor
from torch.nn.functional import softplus

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation


class Blind(Cell):
    """Without U: no product sees the state."""

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        start = super()._start(by, init)
        del start["U"]
        return start

    def spectral_matrix(self) -> Tensor:
        """Zero: no product sees h."""
        return self.W.new_zeros(len(self.W), self.hidden_size, self.hidden_size)

    def _drawn(self, by: list[Generator], low: float, high: float) -> Tensor:
        """Uniform [R, 1, H]."""
        each = [torch.empty(1, self.hidden_size).uniform_(low, high, generator=g) for g in by]
        return torch.stack(each)


class MinGRU(Blind):
    """A GRU whose gate and candidate don't see h: h_t = (1 - z) h_{t-1} + z (x W_n + b_n).

    z = sigmoid(x W_z + b_z). Feng et al. 2024, section 3.1; the plain form, whose candidate is
    linear (their log-space form, for parallel scans, bounds it from below).
    """

    gates = ("z", "n")
    keeps = MappingProxyType({"z": -1})

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        z, n = a.chunk(2, dim=-1)
        z = torch.sigmoid(z)
        return ((1 - z) * h + z * n,)


class MinLSTM(Blind):
    """An LSTM whose gates and candidate don't see h: h_t = f' h_{t-1} + i' (x W_n + b_n).

    f, i = sigmoid(...); f' = f / (f + i), i' = i / (f + i). Feng et al. 2024, section 3.2; the
    plain form, as of minGRU.
    """

    gates = ("f", "i", "n")
    keeps = MappingProxyType({"f": 1})
    admits = ("i",)

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        f, i, n = a.chunk(3, dim=-1)
        f, i = torch.sigmoid(f), torch.sigmoid(i)
        return ((f * h + i * n) / (f + i),)


class RGLRU(Blind):
    """Real-gated linear recurrent unit: h_t = a h_{t-1} + sqrt(1 - a^2) i x', x' = x W_x + b_x.

    a = sigmoid(L)^(8 r); r, i = sigmoid(...). De et al. 2024 (Griffin), section 2.4; L [R, 1, H]
    starts with sigmoid(L)^8 uniform in 0.9 to 0.999. Under the root stands 1e-6 at least, where the
    authors bound the root's slope by 1000.
    """

    gates = ("r", "i", "x")
    keeps = MappingProxyType({"r": -1})
    L: Tensor

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        decay = self._drawn(by, 0.9, 0.999) ** (1 / 8)
        return super()._start(by, init) | {"L": torch.logit(decay)}

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        r, i, x = a.chunk(3, dim=-1)
        decay = torch.exp(-8 * torch.sigmoid(r) * softplus(-self.L))
        room = torch.sqrt(torch.clamp(1 - decay * decay, min=1e-6))
        return (decay * h + room * (torch.sigmoid(i) * x),)


class LRU(Blind):
    """Linear recurrent unit: z_t = l z_{t-1} + exp(gamma) x B, complex, both parts read.

    l = exp(-exp(nu) + i exp(theta)); nu, theta, gamma [R, 1, H]. Orvieto et al. 2023, section 3;
    |l|^2 starts uniform between 0.9^2 and 0.999^2, angles in the circle, exp(gamma) as sqrt(1 -
    |l|^2). Their C is the classifier's matrix here; their D x, of one digit alone, is left out.
    """

    gates = states = readout = ("re", "im")
    nu: Tensor
    theta: Tensor
    gamma: Tensor

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        square, angle = self._drawn(by, 0.9**2, 0.999**2), self._drawn(by, 1e-4, 2 * math.pi)
        own = {"nu": (-0.5 * square.log()).log(), "gamma": 0.5 * (1 - square).log()}
        return super()._start(by, init) | own | {"theta": angle.log()}

    def spectral_matrix(self) -> Tensor:
        re, im = (part.squeeze(1).diag_embed() for part in self.rotation())
        return torch.cat([torch.cat([re, im], -1), torch.cat([-im, re], -1)], -2)

    def rotation(self) -> State:
        size, angle = torch.exp(-torch.exp(self.nu)), torch.exp(self.theta)
        return size * torch.cos(angle), size * torch.sin(angle)

    def step(self, a: Tensor, state: State) -> State:
        (re, im), (p, q), (a_re, a_im) = state, self.rotation(), a.chunk(2, dim=-1)
        scale = torch.exp(self.gamma)
        return p * re - q * im + scale * a_re, q * re + p * im + scale * a_im
