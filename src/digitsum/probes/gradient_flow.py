"""Gradient flow through time: the norm of dL/dh_t against t, and the memory horizon."""

from typing import Any, cast

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.flow import flow
from digitsum.network.classifier import Classifier
from digitsum.probes.probe import Array, Probe, dev_sample
from digitsum.task.data import Batch
from digitsum.training.lit import LitDigitSum
from digitsum.training.loss import replica_losses

FADED = 0.01  # of the last step's gradient
SEQUENCES = 32


def gradient_flow(classifier: Classifier, digits: Tensor, labels: Tensor) -> Tensor:
    """The gradient of the loss by the state at each time, norms per replica: [R, T].

    A norm is the root mean square over the sequences of the length of dL_b/dh_t, L_b being a
    sequence's own loss. For the LSTM it is of h and c together, since memory flows through both.

    Args:
        digits: [R, B, T].
        labels: [R, B].
    """
    cell = classifier.cell
    table = cell.project(classifier.embedding.table)
    replica = torch.arange(len(digits), device=digits.device)[:, None]
    # From the start, so that states carry gradients where all weights are frozen, too.
    state = tuple(h.clone().requires_grad_() for h in cell.initial_state(*digits.shape[:2]))
    states = []
    with torch.enable_grad():
        for t in range(digits.shape[2]):
            state = cell.step(table[replica, digits[:, :, t]], state)
            states.append(state)
        loss = replica_losses(classifier.readout(state[0]), labels, "sum").sum()
        flat = [part for parts in states for part in parts]
        found = torch.autograd.grad(loss, flat, allow_unused=True)
    zero = digits.new_zeros(digits.shape[:2], dtype=table.dtype)
    squares = torch.stack([zero if g is None else g.square().sum(-1) for g in found])
    per_time = squares.view(len(states), cell.states, *digits.shape[:2]).sum(1)
    return per_time.mean(-1).sqrt().T


def memory_horizon(norms: Array) -> Array:
    """The lag at which dL/dh_t falls below 1 % of the last step's: [..., T] -> [...].

    T where it never does (the memory is longer than the sequence); NaN where norms aren't finite.
    """
    backward = norms[..., ::-1]
    faded = backward < FADED * backward[..., :1]
    lag = np.where(faded.any(-1), faded.argmax(-1), norms.shape[-1]).astype(float)
    return cast(Array, np.where(np.isfinite(norms).all(-1), lag, np.nan))


class GradientFlow(Probe):
    """Records `norms` [S, R, T] on dev sequences, by the plain recurrence and autograd."""

    name = "gradient_flow"

    def __init__(self, folder: str, every: int = 1000) -> None:
        super().__init__(folder, every)

    def look(self, module: LitDigitSum, batch: Batch) -> None:
        digits, labels = dev_sample(module, SEQUENCES)
        self.record(module, norms=gradient_flow(module.classifier, digits, labels))

    def figure(self, arrays: dict[str, Array]) -> Figure:
        return flow(arrays["step"], arrays["norms"], memory_horizon(arrays["norms"]))

    def scalars(self, arrays: dict[str, Array]) -> dict[str, Array]:
        return {"memory_horizon": np.nanmean(memory_horizon(arrays["norms"]), 1)}

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        return {"last_memory_horizon": memory_horizon(arrays["norms"])[-1].tolist()}
