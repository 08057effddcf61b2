"""Progress of a training: steps, dev accuracy and time left in a terminal; a pipe stays quiet."""

import math
import sys
import time
from typing import Any

import lightning.pytorch as pl
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as RichProgress,
)

from digitsum.statistics import interval, mean
from digitsum.training.curves import Curves
from digitsum.training.onlooker import Onlooker


def duration(seconds: float) -> str:
    """In words, to the second where it is short."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


class Progress(Onlooker):
    """A bar over optimizer steps, on a terminal. It moves four times a second.

    Lightning's own bars count batches, of which an epoch has one here.

    Args:
        lines: where there is no terminal, print a line for each evaluation.
    """

    def __init__(self, lines: bool = False) -> None:
        self.lines = lines
        self.bar: RichProgress | None = None
        self.task: TaskID | None = None
        self._total: int | None = None
        self._printed = 0
        self._begun = (0.0, 0)  # the time and the step at which this process took over

    def on_train_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        per_epoch = trainer.datamodule.steps_per_epoch  # type: ignore[attr-defined]
        total = per_epoch * (trainer.max_epochs or 0) if (trainer.max_epochs or 0) > 0 else None
        if trainer.max_steps > 0:
            total = min(total or trainer.max_steps, trainer.max_steps)
        self._total, self._begun = total, (time.monotonic(), trainer.global_step)
        self._printed = len(pl_module.curves.steps)
        if not sys.stderr.isatty():
            return
        self.bar = RichProgress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps · dev accuracy {task.fields[dev]}"),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=4,
        )
        self.bar.start()
        self.task = self.bar.add_task("", total=total, completed=trainer.global_step, dev="-")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if self.bar is None or self.task is None:
            if self.lines:
                self._print(pl_module.curves)
            return
        dev = pl_module.curves.rows["dev_accuracy"]
        shown = f"{float(dev[-1].nanmean()):.3f}" if dev else "-"
        self.bar.update(self.task, completed=trainer.global_step, dev=shown)

    def _print(self, curves: Curves) -> None:
        began, first = self._begun
        for step, point in list(curves.points())[self._printed :]:
            known = [value for value in point["dev_accuracy"].tolist() if math.isfinite(value)]
            accuracy = f"{mean(known):.3f}" if known else "-"
            if len(known) > 1:
                low, high = interval(known)
                accuracy += f" [{low:.3f}, {high:.3f}]"
            words = [f"step {step}", f"dev accuracy {accuracy}"]
            if self._total is not None:
                left = (time.monotonic() - began) / (step - first) * (self._total - step)
                words[0] += f" of {self._total}"
                words.append(f"{duration(left)} left")
            print(" · ".join(words), file=sys.stderr, flush=True)
        self._printed = len(curves.steps)

    def teardown(self, trainer: pl.Trainer, pl_module: Any, stage: str) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
