"""How far a training is, in a file of its folder: for whoever looks on from elsewhere."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import lightning.pytorch as pl

from digitsum.training.onlooker import Onlooker
from digitsum.training.progress import steps_in_all
from digitsum.writing import write_aside

NAME = "standing.json"


class Standing(Onlooker):
    """Tells at ends of epochs, at most every `seconds`.

    The file has `step` and `steps` (null where there is no limit), `dev_accuracy` (mean over
    replicas, null before the first evaluation), `per_step` (seconds, null before there is a pace),
    `told` (seconds since 1970) and `running`, false once the training was stopped.

    Args:
        folder: the run's.
        seconds: least time between two tellings.
    """

    def __init__(self, folder: str, seconds: float = 5.0) -> None:
        self.path = Path(folder) / NAME
        self.seconds = seconds
        self._begun = self._told = 0.0
        self._first = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self._begun, self._first = time.monotonic(), trainer.global_step
        self._tell(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if time.monotonic() - self._told >= self.seconds:
            self._tell(trainer, pl_module)

    def on_exception(self, trainer: pl.Trainer, pl_module: Any, exception: BaseException) -> None:
        self._tell(trainer, pl_module, running=False)

    def _tell(self, trainer: pl.Trainer, pl_module: Any, running: bool = True) -> None:
        self._told = time.monotonic()
        taken, dev = trainer.global_step - self._first, pl_module.curves.rows["dev_accuracy"]
        told = {
            "step": trainer.global_step,
            "steps": steps_in_all(trainer),
            "dev_accuracy": round(float(dev[-1].nanmean()), 6) if dev else None,
            "per_step": (self._told - self._begun) / taken if taken else None,
            "told": time.time(),
            "running": running,
        }
        with suppress(OSError):  # telling is no part of a training
            write_aside(self.path, (json.dumps(told) + "\n").encode())
