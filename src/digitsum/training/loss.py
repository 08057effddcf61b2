"""Cross-entropy of each replica, summed over replicas: each one's gradient is exactly its own."""

from typing import Literal

from torch import Tensor
from torch.nn.functional import cross_entropy

Reduction = Literal["mean", "sum"]


def replica_losses(logits: Tensor, labels: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Logits [R, B, C] and labels [R, B] -> [R], reduced over each replica's batch.

    `sum` makes the gradient B times as long as `mean`: the explosion study's setting.
    """
    losses = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    losses = losses.view(labels.shape)
    return losses.mean(1) if reduction == "mean" else losses.sum(1)


def replica_accuracies(logits: Tensor, labels: Tensor) -> Tensor:
    """Logits [R, B, C] and labels [R, B] -> the fraction right [R]."""
    return (logits.argmax(-1) == labels).to(logits.dtype).mean(1)
