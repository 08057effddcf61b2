"""Gradient flow through time: the norm of the gradient by the state, and the memory horizon."""

from typing import Any, cast

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.flow import flow
from digitsum.network.cells import State
from digitsum.network.classifier import Classifier
from digitsum.probes.probe import Array, Probe, dev_sample
from digitsum.task.data import Batch
from digitsum.training.lit import LitDigitSum
from digitsum.training.loss import replica_losses

FADED = 0.01  # of the last step's gradient
SEQUENCES = 32


def gradient_flow(classifier: Classifier, digits: Tensor, labels: Tensor) -> Tensor:
    """The gradient of the loss by the state at each time, norms per replica: [R, T].

    A norm is the root mean square over the sequences of the length of dL_b/ds_t, L_b being a
    sequence's own loss and s_t all that goes on to the next step: for the LSTM h and c side by
    side, each as if it alone changed. (By c_t as a part of the step that makes it, what goes
    through h_t would count twice.)

    Args:
        digits: [R, B, T].
        labels: [R, B].
    """
    cell = classifier.cell
    table = cell.project(classifier.embedding.table)
    replica = torch.arange(len(digits), device=digits.device)[:, None]
    inputs = [table[replica, digits[:, :, t]].detach() for t in range(digits.shape[2])]
    states: list[State] = [cell.initial_state(*digits.shape[:2])]
    with torch.no_grad():
        for a in inputs:
            states.append(cell.step(a, states[-1]))
    last = _leaves(states[-1])
    with torch.enable_grad():
        loss = replica_losses(classifier.readout(cell.read(last)), labels, "sum").sum()
        adjoint = _known(torch.autograd.grad(loss, last, allow_unused=True), last)
    norms = [_squares(adjoint)]
    # The adjoint goes back a step at a time: what a step is given is free, as if nothing made it.
    for a, before in zip(reversed(inputs[1:]), reversed(states[1:-1]), strict=True):
        given = _leaves(before)
        with torch.enable_grad():
            after = cell.step(a, given)
            found = torch.autograd.grad(after, given, adjoint, allow_unused=True)
        adjoint = _known(found, given)
        norms.append(_squares(adjoint))
    return torch.stack(norms[::-1], 1).mean(-1).sqrt()


def _leaves(state: State) -> State:
    return tuple(part.detach().requires_grad_() for part in state)


def _known(found: tuple[Tensor | None, ...], state: State) -> State:
    """Zeros by what nothing was made of."""
    pairs = zip(found, state, strict=True)
    return tuple(torch.zeros_like(part) if g is None else g for g, part in pairs)


def _squares(adjoint: State) -> Tensor:
    """Squared lengths over all of a state: [R, B]."""
    return torch.stack([part.square().sum(-1) for part in adjoint]).sum(0)


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
