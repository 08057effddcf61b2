"""Lightning's counts: telling it of steps and passes within a batch of its; what is left."""

import sys
from typing import Any

import lightning.pytorch as pl


def count_steps(trainer: pl.Trainer, steps: int) -> None:
    """As if so many optimizers' `step` had been called; `global_step` counts them."""
    progress = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
    for tracker in (progress.total, progress.current):
        tracker.ready += steps
        tracker.completed += steps


def count_passes(trainer: pl.Trainer, passes: int) -> None:
    """As if so many epochs had come and gone; `current_epoch` counts them."""
    progress: Any = trainer.fit_loop.epoch_progress
    for tracker in (progress.total, progress.current):
        tracker.ready += passes
        tracker.started += passes
        tracker.processed += passes
        tracker.completed += passes


def steps_left(trainer: pl.Trainer, steps_a_pass: int) -> int:
    """Until the fit ends, by either of Lightning's limits."""
    left = sys.maxsize
    if trainer.max_epochs is not None and trainer.max_epochs >= 0:
        left = max(1, trainer.max_epochs - trainer.current_epoch) * steps_a_pass
    return min(left, trainer.max_steps - trainer.global_step) if trainer.max_steps >= 0 else left
