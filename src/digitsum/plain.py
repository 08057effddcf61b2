"""The plain way to train: autograd, `torch.optim`, Lightning's hooks; one step after another.

It runs on any device, and is what the compiled way must equal.
"""

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.optim import Optimizer

from digitsum.data import Batch, Course
from digitsum.loss import replica_accuracies, replica_losses
from digitsum.norms import gradient_norms

if TYPE_CHECKING:
    from digitsum.lit import LitDigitSum


class Steps(NamedTuple):
    """What some optimizer steps left behind.

    Attributes:
        losses: of each step's batch [S, R].
        right: right answers in all of them [R].
        seen: how many examples a replica saw.
        norms: of gradients before and after clipping, each [S, parts + 1, R], where wanted.
    """

    losses: Tensor
    right: Tensor
    seen: int
    norms: tuple[Tensor, Tensor] | None = None


class PlainWay:
    """Trains `module`, one optimizer step after another."""

    def __init__(self, module: "LitDigitSum") -> None:
        self.module = module
        self._pass: tuple[int, list[Batch]] = (-1, [])

    def steps(self, course: Course, number: int, index: int, count: int, norms: bool) -> Steps:
        """Take `count` steps, the first on mini-batch `index` of pass `number`."""
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
        """Mean losses [R] and accuracies [R] of the weights in training, `piece` examples at once,
        so that evaluating takes no more memory than training.
        """
        pieces = torch.split(batch.digits, piece, dim=1)
        logits = torch.cat([self.module(one) for one in pieces], dim=1)
        return replica_losses(logits, batch.labels), replica_accuracies(logits, batch.labels)

    @torch.no_grad()
    def states(self, batch: Batch) -> Tensor:
        """h_1 ... h_T of the weights in training: [R, T, B, H]."""
        return self.module.classifier.hidden(batch.digits)

    def show(self) -> None:
        """Weights are where everybody sees them."""

    def reload(self) -> None:
        """Weights are read where they stand."""

    def finish(self) -> None:
        """Nothing is held back."""
