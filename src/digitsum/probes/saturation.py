"""How many hidden units are stuck at the ends of tanh: why gradients die after an explosion."""

from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.over_steps import over_steps
from digitsum.network.cells import IRNN, Cell, IndRNN, SRNResidual, SRNSkip
from digitsum.probes.probe import Array, Probe
from digitsum.task.data import Batch
from digitsum.training.lit import LitDigitSum

SATURATED = 0.99


def saturated_fraction(cell: Cell, states: Tensor) -> Tensor:
    """The fraction of values of h_1..h_T [R, T, B, H] at which the unit's slope is gone -> [R].

    For SRNs these are tanh's outputs beyond +-0.99 (with a skip, of what is added to it); for gated
    cells the hidden state beyond it, which is tanh's output behind a gate; for rectified units 0.
    In a stack those of the last layer.
    """
    cell = cell.last_layer  # whose states these are
    if isinstance(cell, IRNN | IndRNN):
        return (states == 0).flatten(1).float().mean(1)
    before = torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], 1)
    if isinstance(cell, SRNResidual):
        states = states - before
    elif isinstance(cell, SRNSkip):
        states = states - cell.s.unsqueeze(1) * before
    return (states.abs() > SATURATED).flatten(1).float().mean(1)


class Saturation(Probe):
    """Records `fraction` [S, R] of the training batch, every `every` steps."""

    name = "saturation"

    def __init__(self, folder: str, every: int = 10) -> None:
        super().__init__(folder, every)

    def look(self, module: LitDigitSum, batch: Batch) -> None:
        states = module.way.states(batch)
        self.record(module, fraction=saturated_fraction(module.classifier.cell, states))

    def figure(self, arrays: dict[str, Array]) -> Figure:
        return over_steps(
            arrays["step"], {"": arrays["fraction"]}, "fraction of units with |tanh| > 0.99"
        )

    def scalars(self, arrays: dict[str, Array]) -> dict[str, Array]:
        return {"fraction": arrays["fraction"].mean(1)}

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        return {"last_fraction": arrays["fraction"][-1].tolist()}
