"""How many hidden units are stuck at the ends of tanh: why gradients die after an explosion."""

from typing import Any

import lightning.pytorch as pl
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.cells import Cell, SRNResidual
from digitsum.figures.over_steps import over_steps
from digitsum.probes.probe import Array, Probe, network

SATURATED = 0.99


def saturated_fraction(cell: Cell, states: Tensor) -> Tensor:
    """The fraction of values beyond +-0.99 of h_1..h_T [R, T, B, H] -> [R].

    For SRNs these are tanh's outputs (a residual SRN's, the difference of its states); for gated
    cells the hidden state itself, which is tanh's output behind a gate.
    """
    if isinstance(cell, SRNResidual):
        states = torch.diff(states, dim=1, prepend=torch.zeros_like(states[:, :1]))
    return (states.abs() > SATURATED).flatten(1).float().mean(1)


class Saturation(Probe):
    """Records `fraction` [S, R] of the training batch, every `every` steps."""

    name = "saturation"

    def __init__(self, folder: str, every: int = 10) -> None:
        super().__init__(folder, every)

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        if not self.due(trainer):
            return
        classifier = network(pl_module).classifier
        assert classifier.states is not None
        self.record(trainer, fraction=saturated_fraction(classifier.cell, classifier.states))

    def figure(self, arrays: dict[str, Array]) -> Figure:
        return over_steps(
            arrays["step"], {"": arrays["fraction"]}, "fraction of units with |tanh| > 0.99"
        )

    def scalars(self, arrays: dict[str, Array]) -> dict[str, Array]:
        return {"fraction": arrays["fraction"].mean(1)}

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        return {"last_fraction": arrays["fraction"][-1].tolist()}
