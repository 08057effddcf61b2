"""Norms of the gradients of every cell parameter at every step, before and after clipping."""

from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.cells import Cell
from digitsum.figures.gradient_norms import gradient_norms
from digitsum.lit import LitDigitSum
from digitsum.probes.probe import Array, Probe, network


def gate_names(cell: Cell) -> list[str]:
    """`W`, `U`, `b` for a cell of one gate, else `W_i`, `W_f`, ...; the GRU's `d` is of one."""
    named = []
    for name, parameter in cell.named_parameters():
        gates = parameter.shape[-1] // cell.hidden_size
        named += [f"{name}_{gate}" for gate in cell.gates] if gates > 1 else [name]
    return named


def gate_norms(cell: Cell) -> Tensor:
    """L2 norm of each gate's part of each parameter's gradient, as `gate_names`: [names, R]."""
    norms = []
    for parameter in cell.parameters():
        assert parameter.grad is not None
        parts = parameter.grad.view(*parameter.shape[:2], -1, cell.hidden_size)
        norms.append(torch.linalg.vector_norm(parts, dim=(1, 3)))
    return torch.cat(norms, dim=1).T


class GradientNorms(Probe):
    """Records, at every step and for each replica, `before` [S, names, R] and, where the run
    clips, `after`; `global_before` and `global_after` [S, R] over all trained parameters.
    """

    name = "gradient_norms"

    def __init__(self, folder: str) -> None:
        super().__init__(folder, every=1)
        self.names: list[str] = []
        self._before: tuple[Tensor, Tensor] = (torch.empty(0), torch.empty(0))
        self._bound: float | None = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        module = network(pl_module)
        self._bound = module.clipping.value
        self.names = gate_names(module.classifier.cell)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._before = self._measure(network(pl_module))

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        module = network(pl_module)
        after = self._before
        if self._bound is not None:
            after = self._measure(module)
        self.record(
            trainer,
            before=self._before[0],
            after=after[0],
            global_before=self._before[1],
            global_after=after[1],
        )

    def _measure(self, module: LitDigitSum) -> tuple[Tensor, Tensor]:
        """Of each gate [names, R], and over all trained parameters [R]."""
        cell = module.classifier.cell
        each, own = gate_norms(cell), set(cell.parameters())
        others = [
            torch.linalg.vector_norm(parameter.grad.flatten(1), dim=1)
            for parameter in module.classifier.parameters()
            if parameter.grad is not None and parameter not in own
        ]
        return each, torch.linalg.vector_norm(torch.cat([each, torch.stack(others)]), dim=0)

    def arrays(self) -> dict[str, Array]:
        return super().arrays() | {"names": np.array(self.names)}

    def figure(self, arrays: dict[str, Array]) -> Figure:
        return gradient_norms(arrays, self._bound)

    def scalars(self, arrays: dict[str, Array]) -> dict[str, Array]:
        return {
            f"{name}_{when}": np.median(arrays[when][:, index], axis=1)
            for index, name in enumerate(self.names)
            for when in (("before",) if self._bound is None else ("before", "after"))
        }

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        before = arrays["global_before"]
        found = {
            "nonfinite_steps": (~np.isfinite(arrays["before"]).all(1)).sum(0).tolist(),
            "largest_global_norm": np.nanmax(
                np.where(np.isfinite(before), before, np.nan), 0
            ).tolist(),
        }
        if self._bound is not None:
            found["clipped_fraction"] = (before > self._bound).mean(0).tolist()
        return found
