"""The cells, as their equations. A new cell is one class here and one YAML in conf/model.

A cell multiplies its inputs by W once for all times (`project`, so that `a` below is
x_t W + b) and then takes one `step` after another; `digitsum.recurrence` holds the loop.
Every parameter has the replica axis first.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Generator, Tensor, nn

from digitsum.initialisation import Initialisation, stacked

State = tuple[Tensor, ...]


class Cell(nn.Module):
    """What all cells share: W [R, E, K], U [R, H, K], b [R, 1, K], with K = gates x H.

    Args:
        input_size: E.
        hidden_size: H.
        by: a generator for each replica, from `initialisation.replica_generators`.
        init: how W, U and b start. Needed unless `weights` are given.
        weights: explicit parameters by name, in the shapes above, instead of `by` and `init`.

    The state is a tuple of [R, B, H] tensors of which the first is the hidden state h.
    """

    gates: ClassVar[tuple[str, ...]] = ("h",)
    states: ClassVar[int] = 1
    # The compiled forward and backward pass of `digitsum.kernels`, where there is one.
    kernel: ClassVar[str | None] = None

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

    def recurrent_weights(self) -> State:
        """The parameters that a step uses (all that `project` doesn't)."""
        return (self.U,)

    def initial_state(self, replicas: int, batch: int) -> State:
        """h_0 = 0 (and c_0 = 0 for the LSTM)."""
        zero = self.U.new_zeros(replicas, batch, self.hidden_size)
        return (zero,) * self.states

    def step(self, a: Tensor, state: Any) -> State:
        """One time step: projected inputs `a` [R, B, K] and a state -> the next state."""
        raise NotImplementedError


class SRN(Cell):
    """Simple recurrent network: h_t = tanh(x_t W + h_{t-1} U + b). Elman 1990."""

    kernel = "digitsum.kernels.srn:PLAIN"

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (torch.tanh(a + h @ self.U),)


class SRNResidual(Cell):
    """Residual SRN: h_t = h_{t-1} + tanh(x_t W + h_{t-1} U + b). NNDL eq. 6.50."""

    kernel = "digitsum.kernels.srn:RESIDUAL"

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        return (h + torch.tanh(a + h @ self.U),)


class LSTM(Cell):
    """Long short-term memory, gates in the order of `torch.nn.LSTM`.

    i, f, o = sigmoid(...), g = tanh(...); c_t = f c_{t-1} + i g; h_t = o tanh(c_t).
    Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    """

    gates = ("i", "f", "g", "o")
    states = 2
    kernel = "digitsum.kernels.lstm:KERNEL"

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
    kernel = "digitsum.kernels.gru:KERNEL"

    d: nn.Parameter

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        return super()._start(by, init) | {"d": stacked(init.bias, 1, self.hidden_size, 1, by)}

    def recurrent_weights(self) -> State:
        return self.U, self.d

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
