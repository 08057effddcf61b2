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
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as RichProgress,
)
from rich.text import Text

from digitsum.paper import duration
from digitsum.statistics import interval, mean
from digitsum.training.curves import Curves
from digitsum.training.onlooker import Onlooker

_beside = 0.0  # seconds that the rest of this process's sweep is expected to take


def steps_in_all(trainer: pl.Trainer) -> int | None:
    """Optimizer steps that a training is to take; None without a limit."""
    per_epoch = trainer.datamodule.steps_per_epoch  # type: ignore[attr-defined]
    total = per_epoch * (trainer.max_epochs or 0) if (trainer.max_epochs or 0) > 0 else None
    return min(total or trainer.max_steps, trainer.max_steps) if trainer.max_steps > 0 else total


def behind(seconds: float) -> None:
    """What comes after this training, for the bar to add."""
    global _beside
    _beside = seconds


class InAll(ProgressColumn):
    """`· 5 min in all` where a sweep goes on after this training."""

    def render(self, task: Task) -> Text:
        if not _beside or task.time_remaining is None:
            return Text("")
        return Text(f"· in all {duration(task.time_remaining + _beside)}")


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
        total = steps_in_all(trainer)
        self._total, self._begun = total, (time.monotonic(), trainer.global_step)
        self._printed = len(pl_module.curves.steps)
        if not sys.stderr.isatty():
            return
        self.bar = RichProgress(
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("steps · dev {task.fields[dev]} · left"),
            TimeRemainingColumn(),
            InAll(),
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
        self._end()

    def on_exception(self, trainer: pl.Trainer, pl_module: Any, exception: BaseException) -> None:
        self._end()  # what is printed next isn't for the bar's console, which would wrap it

    def _end(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
