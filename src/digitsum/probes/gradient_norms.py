"""Norms of the gradients of every cell parameter at every step, before and after clipping."""

from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.gradient_norms import gradient_norms
from digitsum.probes.probe import Array, Probe
from digitsum.training.lit import LitDigitSum
from digitsum.training.norms import parts


class GradientNorms(Probe):
    """Records, at every step and for each replica, `before` [S, names, R] and, where the run
    clips, `after`; `global_before` and `global_after` [S, R] over all trained parameters.
    """

    name = "gradient_norms"
    wants_norms = True

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.names: list[str] = []
        self._bound: float | None = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        module = cast(LitDigitSum, pl_module)
        self._bound = module.clipping.value
        self.names = [part.name for part in parts(module.classifier.cell)]

    def norms(self, first: int, before: Tensor, after: Tensor) -> None:
        self.steps += range(first, first + len(before))
        for name, norms in (("before", before.cpu()), ("after", after.cpu())):
            self.rows.setdefault(name, []).extend(norms[:, :-1].unbind())
            self.rows.setdefault(f"global_{name}", []).extend(norms[:, -1].unbind())

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
