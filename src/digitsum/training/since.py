"""What the steps since the last evaluation left behind, for its train values."""

from typing import Any

import torch
from torch import Tensor


class Since:
    """Losses of each step, and right answers in all of them, per replica."""

    def __init__(self) -> None:
        self._losses: list[Tensor] = []
        self._right: Tensor | None = None
        self._seen = 0

    @property
    def steps(self) -> int:
        return sum(len(one) for one in self._losses)

    def add(self, losses: Tensor, right: Tensor, seen: int) -> None:
        """Losses [S, R], right answers [R] among `seen` examples of each replica."""
        self._losses.append(losses)
        self._right = right if self._right is None else self._right + right
        self._seen += seen

    def losses(self) -> Tensor:
        """[S, R]."""
        return torch.cat(self._losses)

    def means(self) -> dict[str, Tensor]:
        """Mean loss and the fraction right, each [R]."""
        assert self._right is not None
        right = self._right.to(self._losses[0].dtype) / self._seen
        # In doubles, so that the rounded mean doesn't depend on how many replicas are beside it.
        loss = self.losses().cpu().double().mean(0).to(right)  # not every GPU has doubles
        return {"train_loss": loss, "train_accuracy": right}

    def state(self) -> tuple[Any, ...]:
        """Plain tensors for a checkpoint."""
        return (self.losses(), self._right, self._seen) if self.steps else ()

    @classmethod
    def from_state(cls, state: tuple[Any, ...], device: torch.device | None = None) -> "Since":
        """Also of a checkpoint of version 0.1, which kept logits [R, N, C] and labels [R, N].

        Args:
            state: a checkpoint's, which is read to the CPU.
            device: on which training goes on.
        """
        since = cls()
        if state:
            losses, right, seen = state
            if isinstance(seen, Tensor):
                right, seen = (right.argmax(-1) == seen).sum(1), seen.shape[1]
            since.add(losses.to(device), right.to(device), seen)
        return since
