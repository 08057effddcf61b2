"""TensorBoard's HParams tab: a run's settings beside its final metrics.

The same tags in every run, or the table's columns go empty; announced before the fit with NaN,
since TensorBoard keeps the first summary of a run and fills in the scalars.
"""

from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.loggers import TensorBoardLogger

TAGS = ("test_accuracy", "best_dev_accuracy", "final_train_loss", "final_dev_loss")


def _tensorboards(trainer: pl.Trainer) -> list[TensorBoardLogger]:
    return [one for one in trainer.loggers if isinstance(one, TensorBoardLogger)]


def announce(trainer: pl.Trainer, settings: dict[str, Any]) -> None:
    """Before the fit."""
    for logger in _tensorboards(trainer):
        logger.log_hyperparams(settings, {f"final/{tag}": float("nan") for tag in TAGS})


def conclude(trainer: pl.Trainer, settings: dict[str, Any], summary: dict[str, Any]) -> None:
    """After the test: means over replicas under the announced tags."""
    for logger in _tensorboards(trainer):
        means = {f"final/{tag}": summary[tag]["mean"] for tag in TAGS}
        logger.log_metrics(means, trainer.global_step)
        logger.finalize("success")
