"""What a run recorded, per replica: losses and accuracies at each evaluation."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

NAMES = ("train_loss", "train_accuracy", "dev_loss", "dev_accuracy")


@dataclass
class Curves:
    """Grows by one row an evaluation; `arrays` gives `step` [S] and each name [S, R].

    Train values are means over the optimizer steps since the evaluation before.
    """

    steps: list[int] = field(default_factory=list)
    rows: dict[str, list[Tensor]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def append(self, step: int, **values: Tensor) -> None:
        self.steps.append(step)
        for name in NAMES:
            self.rows[name].append(values[name].detach().cpu())

    def points(self) -> Iterator[tuple[int, dict[str, Tensor]]]:
        """Each evaluation's step and its values [R] by name."""
        for index, step in enumerate(self.steps):
            yield step, {name: rows[index] for name, rows in self.rows.items()}

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        stacked = {name: torch.stack(rows).numpy() for name, rows in self.rows.items() if rows}
        return {"step": np.array(self.steps, np.int64), **stacked}

    def state(self) -> dict[str, Any]:
        """Plain tensors for a checkpoint."""
        return {"steps": self.steps, "rows": {k: torch.stack(v) for k, v in self.rows.items() if v}}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Curves":
        curves = cls(steps=list(state["steps"]))
        for name, rows in state["rows"].items():
            curves.rows[name] = list(rows.unbind())
        return curves
