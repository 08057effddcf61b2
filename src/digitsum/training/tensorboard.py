"""What TensorBoard shows beside scalars: HParams, custom charts, figures, configuration.

HParams: the same tags in every run, or the table's columns go empty; announced before the fit
with NaN, since TensorBoard keeps the first summary of a run and fills in the scalars.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.image import imread

# Charts of TensorBoard's custom scalars: all runs in one, each with its interval as a band.
LAYOUT = {
    "over all runs": {
        f"{split} {measure}": [
            "Margin",
            [f"{split}/{measure}{suffix}" for suffix in ("", "_low", "_high")],
        ]
        for measure in ("accuracy", "loss")
        for split in ("dev", "train")
    }
}


def _loggers(trainer: pl.Trainer) -> list[TensorBoardLogger]:
    return [one for one in trainer.loggers if isinstance(one, TensorBoardLogger)]


def is_logging(trainer: pl.Trainer) -> bool:
    return bool(_loggers(trainer))


def announce(
    trainer: pl.Trainer, settings: dict[str, Any], measures: Iterable[str], config: str
) -> None:
    """Before the fit: hyperparameters, the layout of charts, the configuration as text."""
    for logger in _loggers(trainer):
        logger.log_hyperparams(settings, {f"final/{tag}": float("nan") for tag in measures})
        logger.experiment.add_custom_scalars(LAYOUT)
        logger.experiment.add_text("config", f"```yaml\n{config}```")


def show_picture(trainer: pl.Trainer, name: str, path: Path) -> None:
    """A saved PNG among TensorBoard's images: drawing it a second time takes longer."""
    for logger in _loggers(trainer):
        pixels = imread(path)
        logger.experiment.add_image(name, pixels, trainer.global_step, dataformats="HWC")


def conclude(trainer: pl.Trainer, means: dict[str, float], table: str) -> None:
    """After the test: means over replicas under the announced tags, and the table."""
    final = {f"final/{tag}": mean for tag, mean in means.items()}
    for logger in _loggers(trainer):
        logger.log_metrics(final, trainer.global_step)
        logger.experiment.add_text("results", table, trainer.global_step)
        logger.finalize("success")
