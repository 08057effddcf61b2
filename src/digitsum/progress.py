"""Progress of a training: steps, dev accuracy and time left in a terminal; nothing in a pipe."""

import sys
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


class Progress(pl.Callback):
    """A bar over optimizer steps, on a terminal alone. It is moved once an epoch.

    Lightning's own bars count batches, of which an epoch has one here.
    """

    def __init__(self) -> None:
        self.bar: RichProgress | None = None
        self.task: TaskID | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if not sys.stderr.isatty():
            return
        per_epoch = trainer.datamodule.steps_per_epoch  # type: ignore[attr-defined]
        total = per_epoch * (trainer.max_epochs or 0) if (trainer.max_epochs or 0) > 0 else None
        if trainer.max_steps > 0:
            total = min(total or trainer.max_steps, trainer.max_steps)
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
            return
        dev = trainer.callback_metrics.get("dev/accuracy")
        shown = "-" if dev is None else f"{float(dev):.3f}"
        self.bar.update(self.task, completed=trainer.global_step, dev=shown)

    def teardown(self, trainer: pl.Trainer, pl_module: Any, stage: str) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
