"""The Jacobian's spectrum: whether the recurrence stretches or shrinks what it remembers."""

import math
from typing import Any, cast

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from digitsum.figures.over_steps import over_steps
from digitsum.network.cells import Cell, State
from digitsum.network.classifier import Classifier
from digitsum.probes.probe import Array, Probe, dev_sample
from digitsum.task.data import Batch
from digitsum.training.lit import LitDigitSum

SEQUENCES = 4


def spectral_radius(cell: Cell) -> Tensor:
    """The largest modulus of an eigenvalue of U, of the candidate's block for gated cells, of all
    layers: [R].
    """
    matrix = cell.spectral_matrix().detach().cpu()  # not every GPU has eigenvalues
    finite = matrix.masked_fill(~matrix.isfinite(), 0)
    return cast(Tensor, torch.linalg.eigvals(finite).abs().amax(-1))


def stretch(classifier: Classifier, digits: Tensor) -> tuple[Tensor, Tensor]:
    """How ds_T/ds_0 stretches, along sequences [R, B, T], s being the whole state: h and, for the
    LSTM, c, through which its memory flows.

    The Jacobian is carried forward by dual numbers and rescaled at each step, its scale kept as a
    logarithm, so that neither explosion nor vanishing leaves the range of floats.

    Returns:
        natural logarithm of its largest singular value, and the leading Lyapunov exponent per
        time step, log(|J v|) / T for the direction v = (1, ..., 1) / sqrt(S H), S being how many
        states there are: means over the sequences, both [R].
    """
    cell = classifier.cell
    replicas, batch, length = digits.shape
    size = cell.hidden_size * len(cell.states)
    table = cell.project(classifier.embedding.table).detach()
    replica = torch.arange(replicas, device=digits.device)[:, None]
    directions = torch.eye(size, dtype=table.dtype, device=digits.device).repeat(replicas, batch, 1)
    tangent: State = torch.split(directions, cell.hidden_size, -1)
    state: State = tuple(torch.zeros_like(part) for part in tangent)
    logarithm = table.new_zeros(replicas, batch)
    for t in range(length):
        a = table[replica, digits[:, :, t]].repeat_interleave(size, dim=1)

        def step(*now: Tensor, a: Tensor = a) -> State:
            return cell.step(a, now)

        state, tangent = cast(tuple[State, State], torch.func.jvp(step, state, tangent))
        whole = torch.cat(tangent, -1).view(replicas, batch, size, -1)
        scale = torch.linalg.matrix_norm(whole).clamp(min=1e-30)
        logarithm = logarithm + scale.log()
        wide = scale.repeat_interleave(size, dim=1).unsqueeze(-1)
        tangent = tuple(part / wide for part in tangent)
    # Rows are directions of s_0.
    jacobian = torch.cat(tangent, -1).view(replicas, batch, size, size).cpu()
    logarithm = logarithm.cpu()
    finite = jacobian.isfinite().all(-1).all(-1)
    safe = jacobian.masked_fill(~finite[..., None, None], 0)
    singular = torch.linalg.matrix_norm(safe, ord=2).clamp(min=1e-30).log() + logarithm
    along = safe.sum(-2) / math.sqrt(size)
    exponent = (along.norm(dim=-1).clamp(min=1e-30).log() + logarithm) / length
    return singular.mean(1), exponent.mean(1)


class Spectrum(Probe):
    """Records `radius`, `log_singular` and `lyapunov` [S, R] on dev sequences."""

    name = "spectrum"

    def __init__(self, folder: str, every: int = 1000) -> None:
        super().__init__(folder, every)
        self.of_layers = ""

    @torch.no_grad()
    def look(self, module: LitDigitSum, batch: Batch) -> None:
        layers = len(module.classifier.cell.layers_by_name())
        self.of_layers = f",\nlargest of {layers} layers" if layers > 1 else ""
        log_singular, lyapunov = stretch(module.classifier, dev_sample(module, SEQUENCES).digits)
        self.record(
            module,
            radius=spectral_radius(module.classifier.cell),
            log_singular=log_singular,
            lyapunov=lyapunov,
        )

    def figure(self, arrays: dict[str, Array]) -> Figure:
        panels = {
            f"spectral radius of U{self.of_layers}": arrays["radius"],
            "log10 of the largest singular\nvalue of ds_T/ds_0": arrays["log_singular"]
            / np.log(10),
            "leading Lyapunov exponent\n(nats per time step)": arrays["lyapunov"],
        }
        return over_steps(arrays["step"], panels, "")

    def scalars(self, arrays: dict[str, Array]) -> dict[str, Array]:
        return {key: arrays[key].mean(1) for key in ("radius", "log_singular", "lyapunov")}

    def summary(self, arrays: dict[str, Array]) -> dict[str, list[Any]]:
        return {f"last_{key}": arrays[key][-1].tolist() for key in ("radius", "lyapunov")}
