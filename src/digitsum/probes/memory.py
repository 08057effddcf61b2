"""A linear probe of memory: what can still be read from h_t, for every t."""

from collections.abc import Sequence
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.memory import memory
from digitsum.probes.probe import Array, Probe
from digitsum.task.data import Batch, DigitSumData
from digitsum.task.question import SUM, Question
from digitsum.training.lit import LitDigitSum

RIDGE = 1e-3  # of the mean squared feature: keeps saturated, identical units solvable
TARGETS = ("n1", "n2", "n1 and n2", "n1 + n2")
OWN_TARGETS = ("item 1", "item 2", "both items", "label")
BOTH = 2  # of the targets: where both of the first two are read right


def targets(batch: Batch, asked: Question) -> list[tuple[Tensor, int]]:
    """What the probe reads: labels [R, B] each, and how many there are."""
    first, second = batch.digits[:, :, 0], batch.digits[:, :, 1]
    if asked.ask == "label":
        third = batch.labels, asked.classes
    else:
        third = SUM.labels(batch.digits), SUM.classes
    return [(first, asked.items), (second, asked.items), third]


def _with_one(states: Tensor) -> Tensor:
    return torch.cat([states, torch.ones_like(states[..., :1])], -1)


def read_off(fit: Tensor, fit_to: Sequence[tuple[Tensor, int]], held_out: Tensor) -> list[Tensor]:
    """What least-squares classifiers on the states at each time answer: [R, T, M] each.

    Args:
        fit: states [R, T, N, H] that classifiers are fitted on, to one-hot labels.
        fit_to: for each classifier, labels [R, N] and how many different ones there are.
        held_out: states [R, T, M, H] of other sequences.
    """
    x = _with_one(fit).double()
    hot = [torch.nn.functional.one_hot(labels, classes) for labels, classes in fit_to]
    y = torch.cat(hot, -1).double().unsqueeze(1)
    gram = x.mT @ x
    scale = gram.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
    identity = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    weights = torch.linalg.solve(gram + RIDGE * scale * identity, x.mT @ y)
    scores = _with_one(held_out).double() @ weights
    return [one.argmax(-1) for one in scores.split([classes for _, classes in fit_to], -1)]


class Memory(Probe):
    """After the fit, reads n1, n2, both of them, and n1 + n2 from h_t of the best weights.

    Fitted and measured on examples drawn for it alone, so that what a network has learnt by heart
    counts for nothing; with files that are fixed, on the training examples, and on dev and test
    together. Records `accuracy` [1, targets, R, T], and `lost` [1, R]: the fraction of examples
    that the network answers wrong, and of which n1 and n2 are both read right from the state after
    the second item, but not from the last.
    """

    name = "memory"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.names: Sequence[str] = TARGETS

    @torch.no_grad()
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = cast(LitDigitSum, pl_module)
        data = cast(DigitSumData, trainer.datamodule)  # type: ignore[attr-defined]
        self.names = OWN_TARGETS if data.question.ask == "label" else TARGETS
        device = module.best_accuracy.device
        both = data.for_probes()
        # Read on the CPU: not every GPU has doubles.
        states = [module.best.hidden(batch.digits.to(device)).cpu() for batch in both]
        fit_to, truth = (targets(batch, data.question) for batch in both)
        wrong = module.best(both[1].digits.to(device)).argmax(-1).cpu() != both[1].labels
        found, lost = [], []
        for i in range(data.replicas):  # in doubles, all at once would take eight times as much
            own = [(labels[i : i + 1], classes) for labels, classes in fit_to]
            # A diverged replica's states may be infinite; it then reads nothing.
            mine = [one[i : i + 1].nan_to_num(0, 0, 0) for one in states]
            right = [
                answers == labels[i : i + 1].unsqueeze(1)
                for answers, (labels, _) in zip(read_off(mine[0], own, mine[1]), truth, strict=True)
            ]
            right.insert(BOTH, right[0] & right[1])
            gone = right[BOTH][0, 1] & ~right[BOTH][0, -1]
            lost.append((wrong[i] & gone).double().mean())
            found.append(torch.stack([one.double().mean(-1) for one in right]))
        self.record(module, accuracy=torch.cat(found, 1), lost=torch.stack(lost))

    def figure(self, arrays: dict[str, Array]) -> Figure:
        # Of items and labels of a person's own each has a chance of its own.
        chance = SUM.chance if self.names == TARGETS else None
        return memory(arrays["accuracy"][-1], self.names, chance)

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        last = np.round(arrays["accuracy"][-1][:, :, -1], 6).tolist()
        told = zip(self.names, last, strict=True)
        return {f"{name} at the end": values for name, values in told}
