"""Telling Lightning of optimizer steps and passes that happened within one of its batches."""

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
