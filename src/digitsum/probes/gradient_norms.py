"""Norms of the gradients of every cell parameter at every step, before and after clipping."""

from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.cells import Cell
from digitsum.clipping import replica_norms
from digitsum.figures.gradient_norms import gradient_norms
from digitsum.probes.probe import Array, Probe, network


def gate_norms(cell: Cell) -> dict[str, Tensor]:
    """L2 norm of each gate's part of each parameter's gradient, per replica: name -> [R].

    Names are `W`, `U`, `b` for a cell of one gate, else `W_i`, `U_i`, ...; the GRU's `d` is one.
    """
    norms: dict[str, Tensor] = {}
    for name, parameter in cell.named_parameters():
        assert parameter.grad is not None
        gates = cell.gates if parameter.shape[-1] == len(cell.gates) * cell.hidden_size else ("h",)
        parts = parameter.grad.view(*parameter.shape[:2], len(gates), -1)
        squares = parts.square().sum((1, 3)).sqrt()
        for index, gate in enumerate(gates):
            norms[name if len(gates) == 1 else f"{name}_{gate}"] = squares[:, index]
    return norms


class GradientNorms(Probe):
    """Records, at every step and for each replica, `before` [S, names, R] and, where the run
    clips, `after`; `global_before` and `global_after` [S, R] over all trained parameters.
    """

    name = "gradient_norms"

    def __init__(self, folder: str) -> None:
        super().__init__(folder, every=1)
        self.names: list[str] = []
        self._before: dict[str, Tensor] = {}
        self._bound: float | None = None

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = network(pl_module)
        self._before = self._measure(module.classifier.cell, module)

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        module = network(pl_module)
        self._bound = module.clipping.value
        after = self._before
        if self._bound is not None:
            after = self._measure(module.classifier.cell, module)
        self.record(
            trainer,
            before=self._before["each"],
            after=after["each"],
            global_before=self._before["all"],
            global_after=after["all"],
        )

    def _measure(self, cell: Cell, module: Any) -> dict[str, Tensor]:
        norms = gate_norms(cell)
        self.names = list(norms)
        grads = [p.grad for p in module.classifier.parameters() if p.grad is not None]
        return {"each": torch.stack(list(norms.values())), "all": replica_norms(grads)}

    def arrays(self) -> dict[str, Array]:
        return super().arrays() | {"names": np.array(self.names)}

    def figure(self, arrays: dict[str, Array], title: str) -> Figure:
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
