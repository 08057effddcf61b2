"""Gradient clipping, replica by replica: one that explodes doesn't shrink another's step."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Algorithm = Literal["norm", "value", "tensor_norm"]


def replica_norms(gradients: Iterable[Tensor]) -> Tensor:
    """Each replica's L2 norm over all its gradients: tensors [R, ...] -> [R]."""
    squares = [gradient.flatten(1).square().sum(1) for gradient in gradients]
    return torch.stack(squares).sum(0).sqrt()


def _shrink(gradients: list[Tensor], max_norm: float) -> None:
    factor = (max_norm / (replica_norms(gradients) + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor.view(-1, *[1] * (gradient.dim() - 1)))


@dataclass(frozen=True)
class Clipping:
    """Bounds the gradients of each replica on its own.

    Attributes:
        value: the bound; None leaves gradients as they are.
        algorithm: `norm` scales all of a replica's gradients together so that their global norm
            is at most `value` (Pascanu et al. 2013, and the blog); `tensor_norm` does so tensor
            by tensor (the book); `value` clamps every element to +-`value`.
    """

    value: float | None = None
    algorithm: Algorithm = "norm"

    def __call__(self, parameters: Iterable[nn.Parameter]) -> None:
        """Clip the gradients in place."""
        if self.value is None:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.algorithm == "norm":
            _shrink(gradients, self.value)
        elif self.algorithm == "tensor_norm":
            for gradient in gradients:
                _shrink([gradient], self.value)
        else:
            for gradient in gradients:
                gradient.clamp_(-self.value, self.value)
