"""What all probes share: recording rows on the device, saving them, showing them."""

from pathlib import Path
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.style import save
from digitsum.task.data import Batch
from digitsum.training.lit import LitDigitSum
from digitsum.training.logbooks.opened import books
from digitsum.training.onlooker import Onlooker

Array = np.ndarray[Any, Any]


POINTS = 300  # that a chart gets; the arrays keep every one


class Probe(Onlooker):
    """Records named tensors at optimizer steps.

    Args:
        folder: where the arrays and the figure go.
        every: optimizer steps between two looks; None for never.
    """

    name = "probe"

    def __init__(self, folder: str | Path, every: int | None = None) -> None:
        self.folder = Path(folder)
        self.every = every
        self.steps: list[int] = []
        self.rows: dict[str, list[Tensor]] = {}

    def record(self, module: LitDigitSum, **values: Tensor) -> None:
        """Keep a row for the step under way."""
        self.steps.append(module.global_step + 1)
        for name, value in values.items():
            self.rows.setdefault(name, []).append(value.detach().cpu())

    def arrays(self) -> dict[str, Array]:
        """`step` [S], and each recorded name [S, ...]."""
        stacked = {name: torch.stack(rows).numpy() for name, rows in self.rows.items()}
        return {"step": np.array(self.steps, np.int64), **stacked}

    def figure(self, arrays: dict[str, Array]) -> Figure:
        raise NotImplementedError

    def scalars(self, arrays: dict[str, Array]) -> dict[str, Array]:
        """Per tag a curve [S], for loggers."""
        return {}

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        """Per name a value for each replica, for `results.json`."""
        return {}

    def finish(self, trainer: pl.Trainer) -> tuple[dict[str, list[Any]], Path]:
        """Save arrays and figure, tell the loggers; -> the summary and the figure's path."""
        arrays = self.arrays()
        self.folder.mkdir(parents=True, exist_ok=True)
        np.savez(self.folder / f"{self.name}.npz", **cast(Any, arrays))
        picture = save(self.figure(arrays), self.folder / self.name)
        for tag, values in self.scalars(arrays).items():
            stride = -(-len(values) // POINTS)
            for step, value in zip(arrays["step"][::stride], values[::stride], strict=True):
                if np.isfinite(value):
                    for logger in trainer.loggers:
                        logger.log_metrics({f"{self.name}/{tag}": float(value)}, int(step))
        for book in books(trainer):
            book.figure(self.name, picture, trainer.global_step)
        return self.summary(arrays), picture

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint: a resumed run's record has no gap."""
        rows = {name: torch.stack(rows) for name, rows in self.rows.items()}
        return {"steps": self.steps, "rows": rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.steps = list(state_dict["steps"])
        self.rows = {name: list(rows.unbind()) for name, rows in state_dict["rows"].items()}


def dev_sample(module: LitDigitSum, count: int) -> Batch:
    """About `count` dev sequences spread over all pairs, by which they are sorted."""
    assert module.course is not None, "probes look on during a training step"
    stride = max(1, module.course.dev.labels.shape[1] // count)
    return Batch(*(part[:, ::stride] for part in module.course.dev))
