"""Cells that follow a differential equation in small steps."""

from typing import Any

import torch
from torch import Generator, Tensor

from digitsum.network.cells.cell import Cell, State
from digitsum.network.initialisation import Initialisation, stacked


class AntisymmetricRNN(Cell):
    """h_t = h_{t-1} + e tanh(x W + h (U - U^T - g I) + b), whose flow neither grows nor shrinks.

    Chang et al. 2019, eq. 13, without the gate of their section 3.3; a whole matrix U where the
    authors keep its upper triangle.

    Args:
        step_size: e.
        diffusion: g, which takes off what the finite step adds.
    """

    def __init__(
        self, *args: Any, step_size: float = 0.1, diffusion: float = 0.01, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.step_size, self.diffusion = step_size, diffusion

    def spectral_matrix(self) -> Tensor:
        return self.U - self.U.mT - self.diffusion * torch.eye(self.hidden_size).to(self.U)

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        turned = h @ self.U - h @ self.U.mT - self.diffusion * h
        return (h + self.step_size * torch.tanh(a + turned),)


class CoRNN(Cell):
    """Coupled oscillators: z_t = z_{t-1} + dt (tanh(x W + y U + z Z + b) - gamma y - epsilon z).

    y_t = y_{t-1} + dt z_t, which is read; y and z in the first are those of t - 1. Rusch and Mishra
    2021, eq. 3, with explicit damping, as the authors' code has it (their text damps by z_t).

    Args:
        dt: the time that a step takes.
        gamma: how fast the units swing by themselves, squared.
        epsilon: damping.
    """

    states, readout = ("y", "z"), ("y",)
    Z: Tensor

    def __init__(
        self, *args: Any, dt: float = 0.1, gamma: float = 1.0, epsilon: float = 1.0, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.dt, self.gamma, self.epsilon = dt, gamma, epsilon

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        size = self.hidden_size
        return super()._start(by, init) | {"Z": stacked(init.recurrent, size, size, 1, by)}

    def step(self, a: Tensor, state: State) -> State:
        y, z = state
        force = torch.tanh(a + y @ self.U + z @ self.Z)
        z = z + self.dt * (force - self.gamma * y - self.epsilon * z)
        return y + self.dt * z, z
