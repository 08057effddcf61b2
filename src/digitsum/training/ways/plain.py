"""The plain way to train: autograd, `torch.optim`, Lightning's hooks; one step after another.

It runs on any device, and is what the compiled way must equal.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer

from digitsum.task.data import Batch, Course
from digitsum.training.learner import Learner
from digitsum.training.loss import replica_accuracies, replica_losses
from digitsum.training.norms import gradient_norms
from digitsum.training.ways.way import Steps, Way


class PlainWay(Way):
    """Trains `module`, one optimizer step after another."""

    def __init__(self, module: Learner) -> None:
        self.module = module
        self._pass: tuple[int, list[Batch]] = (-1, [])

    def steps(self, course: Course, number: int, index: int, count: int, norms: bool) -> Steps:
        taken = [self._step(self._batch(course, number, index + s), norms) for s in range(count)]
        measured = None
        if norms:
            measured = tuple(torch.stack([one[3][when] for one in taken]) for when in (0, 1))
        return Steps(
            torch.stack([one[0] for one in taken]),
            torch.stack([one[1] for one in taken]).sum(0),
            sum(one[2] for one in taken),
            cast(Any, measured),
        )

    def _step(self, batch: Batch, norms: bool) -> tuple[Tensor, Tensor, int, list[Tensor]]:
        module = self.module
        optimizer = cast(Optimizer, module.optimizers())
        parameters = list(module.classifier.parameters())
        logits = module.classifier(batch.digits)
        losses = replica_losses(logits, batch.labels, module.reduction)
        optimizer.zero_grad()
        module.manual_backward(losses.sum())
        measured = [gradient_norms(module.classifier)] if norms else []
        module.clipping(parameters)
        measured += [gradient_norms(module.classifier)] if norms else []
        optimizer.step()
        module.restore_diverged()
        seen = batch.labels.shape[1]
        right = (logits.detach().argmax(-1) == batch.labels).sum(1)
        return losses.detach(), right, seen, measured

    def _batch(self, course: Course, number: int, index: int) -> Batch:
        number, index = number + index // course.steps, index % course.steps
        if self._pass[0] != number:
            self._pass = (number, course.batches(number))
        return self._pass[1][index]

    @torch.no_grad()
    def measure(self, batch: Batch, piece: int) -> tuple[Tensor, Tensor]:
        pieces = torch.split(batch.digits, piece, dim=1)
        logits = torch.cat([self.module(one) for one in pieces], dim=1)
        return replica_losses(logits, batch.labels), replica_accuracies(logits, batch.labels)

    @torch.no_grad()
    def states(self, batch: Batch) -> Tensor:
        return self.module.classifier.hidden(batch.digits)
