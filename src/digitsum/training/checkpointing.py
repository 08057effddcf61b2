"""Checkpoints that a kill can't tear, and stopping when asked to."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import lightning.pytorch as pl
import torch

from digitsum.errors import Stopped, UserError
from digitsum.training.onlooker import Onlooker
from digitsum.writing import naming, replace

CURRENT = "checkpoint.ckpt"
PREVIOUS = "checkpoint.previous.ckpt"
ASIDE = ".checkpoint.aside.ckpt"
# What this system knows of them; the last two are SLURM's usual warnings.
_NAMES = ("SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2")
_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))


def save(trainer: pl.Trainer, folder: Path) -> None:
    """Write a whole checkpoint aside, keep the one before, then rename: one is always good."""
    aside = folder / ASIDE
    try:
        with naming(folder / CURRENT):
            trainer.save_checkpoint(aside)
            with aside.open("r+b") as written:
                os.fsync(written.fileno())
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
    if (folder / CURRENT).exists():
        replace(folder / CURRENT, folder / PREVIOUS)
    replace(aside, folder / CURRENT)


def latest(folder: Path) -> Path | None:
    """The newest checkpoint that reads as plain tensors; says so where it isn't the last written.

    Raises:
        UserError: there are checkpoints and none can be read.
    """
    refused: list[str] = []
    for path in (folder / CURRENT, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
            if not isinstance(found, dict) or "curves" not in found:
                raise ValueError("not a checkpoint of this project")
        except Exception as e:  # torch raises whatever the bytes lead its unpickler to
            reason = (str(e).splitlines() or [type(e).__name__])[0]
            refused.append(f"{path} can't be used ({reason[:120]})")
            continue
        for line in refused:
            print(f"{line}; going on from {path.name}", flush=True)
        return path
    if refused:
        raise UserError("; ".join(refused))
    return None


class Checkpoints(Onlooker):
    """Saves at ends of epochs, at most every `seconds`; and at the next one when told to stop.

    Args:
        folder: the run's.
        seconds: least time between two checkpoints; what a kill can cost.
    """

    def __init__(self, folder: str, seconds: float = 15.0) -> None:
        self.folder = Path(folder)
        self.seconds = seconds
        self._saved = time.monotonic()
        # Whoever wants a checkpoint after every pass needs Lightning's hook at each.
        self.patient = seconds > 0
        self._stop: int | None = None
        self._queued: Any = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._saved = time.monotonic()
        try:
            self._before = {one: signal.signal(one, self._asked) for one in _SIGNALS}
        except ValueError:
            self._before = {}  # not the main thread, which alone may handle signals

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self._stop = number
        # Whoever queues the job again, once its checkpoint is saved; None where nobody does.
        self._queued = self._before[number] if "SUBMITIT_EXECUTOR" in os.environ else None
        self._restore()  # asked a second time, stop at once

    def _restore(self) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)
        self._before = {}

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        now = time.monotonic()
        if self._stop is None and now - self._saved < self.seconds:
            return
        save(trainer, self.folder)
        self._saved = now
        if self._stop is None:
            return
        number, self._stop = self._stop, None
        if callable(self._queued):
            try:
                self._queued(number, None)  # doesn't return where it queues the job again
            except Exception as error:  # submitit's word that it doesn't
                often = "too many times" in str(error)
                why = "it ran out of time too often (hydra.launcher.max_num_timeout)"
                raise UserError(
                    f"{why if often else error}; its checkpoint is saved, after step "
                    f"{trainer.global_step}, and the same command goes on with resume=true"
                ) from None
            self.on_train_start(trainer, pl_module)
            return
        raise Stopped(
            f"stopped by {signal.Signals(number).name} after step {trainer.global_step}; "
            "checkpoint saved",
            number,
        )

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._restore()
