"""A linear probe of memory: what can still be read from h_t, for every t."""

from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.memory import memory
from digitsum.probes.probe import Array, Probe
from digitsum.task.examples import CLASSES
from digitsum.training.lit import LitDigitSum

RIDGE = 1e-3  # of the mean squared feature: keeps saturated, identical units solvable
TARGETS = {"n1": 10, "n2": 10, "n1 + n2": CLASSES}


def targets(digits: Tensor) -> dict[str, Tensor]:
    """What the probe reads: sequences [R, B, T] -> each [R, B]."""
    n1, n2 = digits[:, :, 0], digits[:, :, 1]
    return dict(zip(TARGETS, (n1, n2, n1 + n2), strict=True))


def _with_one(states: Tensor) -> Tensor:
    return torch.cat([states, torch.ones_like(states[..., :1])], -1)


def readable(fit: Tensor, fit_to: Tensor, held_out: Tensor, truth: Tensor, classes: int) -> Tensor:
    """Held-out accuracy of a least-squares classifier on the states at each time: [R, T].

    Args:
        fit: states [R, T, N, H] that the classifier is fitted on, to one-hot labels.
        fit_to: their labels [R, N].
        held_out: states [R, T, M, H] of other sequences.
        truth: their labels [R, M].
        classes: how many labels there are.
    """
    x = _with_one(fit).double()
    y = torch.nn.functional.one_hot(fit_to, classes).double().unsqueeze(1)
    gram = x.mT @ x
    scale = gram.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
    identity = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    weights = torch.linalg.solve(gram + RIDGE * scale * identity, x.mT @ y)
    answers = (_with_one(held_out).double() @ weights).argmax(-1)
    return cast(Tensor, (answers == truth.unsqueeze(1)).double().mean(-1))


class Memory(Probe):
    """After the fit, reads n1, n2 and n1 + n2 from h_t of the best weights.

    Fitted on the training sequences, measured on dev and test together; records `accuracy`
    [1, targets, R, T].
    """

    name = "memory"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)

    @torch.no_grad()
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = cast(LitDigitSum, pl_module)
        splits = trainer.datamodule.splits  # type: ignore[attr-defined]
        device = module.best_accuracy.device
        train = splits["train"].digits.to(device)
        held = torch.cat([splits["dev"].digits, splits["test"].digits], 1).to(device)
        # nan_to_num: a diverged replica's states may be infinite; it then reads nothing.
        states = [module.best.hidden(digits).nan_to_num(0, 0, 0) for digits in (train, held)]
        found = [
            readable(states[0], targets(train)[name], states[1], targets(held)[name], classes)
            for name, classes in TARGETS.items()
        ]
        self.record(module, accuracy=torch.stack(found))

    def figure(self, arrays: dict[str, Array]) -> Figure:
        return memory(arrays["accuracy"][-1], list(TARGETS))

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        last = np.round(arrays["accuracy"][-1][:, :, -1], 6).tolist()
        return {f"{name} at the end": values for name, values in zip(TARGETS, last, strict=True)}
