"""R networks that learn, each one's best weights, and which of them have diverged."""

import copy

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

from digitsum.network.classifier import Classifier
from digitsum.training.clipping import Clipping
from digitsum.training.loss import Reduction


class Learner(pl.LightningModule):
    """What a way trains.

    `best` holds, replica by replica, the weights of strictly the best dev accuracy so far. A
    replica whose loss stops being finite has diverged: it goes back to its best weights and stays
    there. The others never notice.

    Args:
        classifier: R networks side by side.
        reduction: of the cross-entropy over a batch.
        clipping: per replica.
    """

    best_accuracy: Tensor
    best_step: Tensor
    diverged_step: Tensor

    def __init__(self, classifier: Classifier, reduction: Reduction, clipping: Clipping) -> None:
        super().__init__()
        self.classifier = classifier
        self.best = copy.deepcopy(classifier).requires_grad_(False)
        self.reduction = reduction
        self.clipping = clipping
        replicas = len(classifier.cell.W)
        self.register_buffer("best_accuracy", torch.full((replicas,), -1.0))
        self.register_buffer("best_step", torch.zeros(replicas, dtype=torch.long))
        self.register_buffer("diverged_step", torch.full((replicas,), -1))

    def keep(self, better: Tensor, dev_accuracy: Tensor) -> None:
        """The weights of now are the best of those replicas that `better` [R] names."""
        self.best_accuracy.copy_(torch.where(better, dev_accuracy, self.best_accuracy))
        self.best_step.masked_fill_(better, self.global_step)
        copy_replicas(self.classifier, self.best, better)

    def restore_diverged(self) -> None:
        """Replicas that have diverged go back to their best weights."""
        diverged = self.diverged_step >= 0
        if diverged.any():
            copy_replicas(self.best, self.classifier, diverged)


@torch.no_grad()
def mark_diverged(diverged_step: Tensor, losses: Tensor, dev_loss: Tensor, last: int) -> None:
    """Write down, in place, at which step a replica's loss stopped being finite: at the last where
    only what came of it isn't.

    Args:
        diverged_step: [R], -1 where a replica hasn't diverged.
        losses: of the steps since the last look [S, R].
        dev_loss: [R].
        last: number of the last of these steps.
    """
    finite = losses.isfinite()
    if finite.all() and dev_loss.isfinite().all():
        return
    all_finite = finite.all(0)
    first_bad = last - len(losses) + 1 + finite.long().argmin(0)
    first_bad = first_bad.masked_fill(all_finite, last)
    newly = (~all_finite | ~dev_loss.isfinite()) & (diverged_step < 0)
    diverged_step.copy_(torch.where(newly, first_bad, diverged_step))


@torch.no_grad()
def copy_replicas(source: nn.Module, target: nn.Module, which: Tensor) -> None:
    """Parameters [R, ...] of the replicas that `which` [R] names, from one module into another."""
    for new, old in zip(source.parameters(), target.parameters(), strict=True):
        old.copy_(torch.where(which.view(-1, *[1] * (old.dim() - 1)), new, old))
