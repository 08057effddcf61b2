"""Callbacks that look into the network between two optimizer steps, and how often they want to."""

from typing import Any

import lightning.pytorch as pl
from torch import Tensor

from digitsum.task.data import Batch

# Lightning's hooks into a single step, and those into a pass over the examples.
_OF_A_STEP = (
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
)
_OF_A_PASS = (
    "on_train_epoch_start",
    "on_train_epoch_end",
    "on_train_batch_start",
    "on_train_batch_end",
)


class Onlooker(pl.Callback):
    """Looks on during training without taking part in it.

    Attributes:
        every: optimizer steps from one look to the next, the first before the first step; None is
            never.
        wants_norms: whether it is told the norms of every step's gradients.
        patient: whether it does without Lightning's hooks at each pass: they come when several
            have gone by.
    """

    every: int | None = None
    wants_norms = False
    patient = True

    def look(self, module: Any, batch: Batch) -> None:
        """Called before a step that is to be taken on `batch`."""

    def norms(self, first: int, before: Tensor, after: Tensor) -> None:
        """Told after steps, of which `first` (from 1) was the first.

        Args:
            first: number of the first of these steps.
            before, after: clipping, [S, parts + 1, R]; see `digitsum.training.norms`.
        """


def onlookers(trainer: pl.Trainer) -> list[Onlooker]:
    return [one for one in trainer.callbacks if isinstance(one, Onlooker)]  # type: ignore[attr-defined]


def needs_each_step(trainer: pl.Trainer) -> bool:
    """Whether a callback uses a hook that only a step of torch's autograd and optimizer has."""
    return bool(trainer._detect_anomaly) or _overridden(trainer, _OF_A_STEP)


def needs_each_pass(trainer: pl.Trainer) -> bool:
    """Whether Lightning has something to do, or somebody to call, after each pass."""
    return trainer.enable_validation or _overridden(trainer, _OF_A_PASS)


def _overridden(trainer: pl.Trainer, hooks: tuple[str, ...]) -> bool:
    return any(
        getattr(type(one), hook) is not getattr(pl.Callback, hook)
        for one in trainer.callbacks  # type: ignore[attr-defined]
        if not (isinstance(one, Onlooker) and one.patient)
        for hook in hooks
    )
