"""What the two ways to train have in common: what they do, and what they leave behind."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from digitsum.task.data import Batch, Course


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


def joined(parts: Sequence[Steps]) -> Steps:
    """Some steps, then others, as all of them."""
    if len(parts) == 1:
        return parts[0]
    norms = [one.norms for one in parts if one.norms is not None]
    return Steps(
        torch.cat([one.losses for one in parts]),
        torch.stack([one.right for one in parts]).sum(0),
        sum(one.seen for one in parts),
        (torch.cat([n[0] for n in norms]), torch.cat([n[1] for n in norms])) if norms else None,
    )


class Way:
    """Optimizer steps on a learner. Weights and moments may be held elsewhere meanwhile."""

    def steps(self, course: Course, number: int, index: int, count: int, norms: bool) -> Steps:
        """Take `count` steps, the first on mini-batch `index` of pass `number`."""
        raise NotImplementedError

    def measure(self, batch: Batch, piece: int) -> tuple[Tensor, Tensor]:
        """Mean losses [R] and accuracies [R] of the weights in training, `piece` examples at once,
        so that evaluating takes no more memory than training.
        """
        raise NotImplementedError

    def states(self, batch: Batch) -> Tensor:
        """h_1 ... h_T of the weights in training: [R, T, B, H]."""
        raise NotImplementedError

    def show(self) -> None:
        """Weights back to the module's parameters, for whoever wants to see them."""

    def reload(self) -> None:
        """Take weights again that somebody changed."""

    def finish(self) -> None:
        """Everything back to torch."""
