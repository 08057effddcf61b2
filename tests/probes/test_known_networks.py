"""Probes on networks and records whose answers are known: one thing taken for another shows."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import Logger
from torch import Tensor

from digitsum.figures.gates import trace
from digitsum.network.cells import GRU, IRNN, LRU, LSTM, MGU, UGRNN, Cell, IndRNN, MinGRU, SRNSkip
from digitsum.probes.gradient_flow import GradientFlow, memory_horizon
from digitsum.probes.gradient_norms import GradientNorms
from digitsum.probes.memory import BOTH, OWN_TARGETS, Memory, targets
from digitsum.probes.probe import Probe, dev_sample
from digitsum.probes.saturation import Saturation, saturated_fraction
from digitsum.probes.spectrum import Spectrum, spectral_radius
from digitsum.task.data import Batch
from digitsum.task.question import SUM

from ..networks import classifier, data, module, trainer


@pytest.mark.parametrize("kind", [LSTM, GRU, MGU, UGRNN])
def test_the_radius_is_of_the_candidates_block(kind: type[Cell]) -> None:
    """Each gate's U is a multiple of the identity, of which the candidate's isn't the largest."""
    cell = classifier(kind, 2).cell
    factors = {gate: 5.0 + i for i, gate in enumerate(cell.gates)} | {cell.candidate: 3.0}
    blocks = [torch.eye(8) * factors[gate] for gate in cell.gates]
    cell.U.data[:] = torch.cat(blocks, 1)
    cell.U.data[1] *= -0.5  # another replica, and negative
    assert spectral_radius(cell).tolist() == pytest.approx([3.0, 1.5])


def test_the_radius_of_cells_that_have_no_matrix() -> None:
    independent = classifier(IndRNN, 1).cell
    independent.u.data[:] = torch.linspace(-0.9, 0.4, 8)
    assert spectral_radius(independent).tolist() == pytest.approx([0.9])
    assert spectral_radius(classifier(MinGRU, 2).cell).tolist() == [0.0, 0.0]


def test_an_lru_turns_by_its_matrix_and_shrinks_by_its_radius() -> None:
    """Without input a step is the matrix, whose eigenvalues are |l| exp(+-i theta)."""
    cell = classifier(LRU, 2).cell
    drawn = torch.manual_seed(0)
    moved = tuple(torch.randn(2, 3, 8, generator=drawn) for _ in cell.states)
    nothing = torch.zeros(2, 3, 16)
    after = torch.cat(cell.step(nothing, moved), -1)
    torch.testing.assert_close(torch.cat(moved, -1) @ cell.spectral_matrix(), after)
    sizes = torch.exp(-torch.exp(cell.nu)).flatten(1).amax(1)
    torch.testing.assert_close(spectral_radius(cell), sizes)


def states(*values: float) -> Tensor:
    return torch.tensor(values).view(1, -1, 1, 1)


def test_saturation_counts_what_is_added_and_not_what_is_carried() -> None:
    by_half = classifier(SRNSkip, 1).cell
    by_half.s.fill_(0.5)
    # Less half of the one before: 0.995, -0.9975, 0.5, 1.2: three beyond 0.99.
    assert saturated_fraction(by_half, states(0.995, -0.5, 0.25, 1.325)).tolist() == [0.75]
    # The same values as they are: 0.995 and 1.325 alone; less all of the one before: 0.995, -1.495
    # and 1.075.
    by_half.s.fill_(0.0)
    assert saturated_fraction(by_half, states(0.995, -0.5, 0.25, 1.325)).tolist() == [0.5]


@pytest.mark.parametrize("kind", [IRNN, IndRNN])
def test_a_rectified_unit_is_gone_at_zero(kind: type[Cell]) -> None:
    cell = classifier(kind, 1).cell
    assert saturated_fraction(cell, states(0.0, 0.0, 0.0, 7.0)).tolist() == [0.75]


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_traced_gates_make_the_states(kind: type[Cell]) -> None:
    """The cell's own equation with the traced gates in it."""
    network = classifier(kind, 2)
    for parameter in network.cell.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1))
    found = trace(network, (6, 7, 0, 1, 9))
    before = np.concatenate([np.zeros_like(found["h"][:, :1]), found["h"][:, :-1]], 1)
    if kind is GRU:
        expected = (1 - found["z"]) * found["n"] + found["z"] * before
        reset = found["r"]
        assert not np.allclose(reset, found["z"])
    else:
        c = np.concatenate([np.zeros_like(found["c"][:, :1]), found["c"][:, :-1]], 1)
        expected = found["o"] * np.tanh(found["c"])
        np.testing.assert_allclose(found["f"] * c + found["i"] * found["g"], found["c"], atol=1e-6)
    np.testing.assert_allclose(expected, found["h"], atol=1e-6)


def looked(probe: Probe, **rows: list[Any]) -> dict[str, Any]:
    """A probe that has looked three times."""
    probe.steps = [1, 11, 21]
    probe.rows = {name: [torch.tensor(one) for one in three] for name, three in rows.items()}
    return probe.summary(probe.arrays())


def test_a_summary_is_of_the_last_look() -> None:
    fraction = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    found = looked(Saturation("x"), fraction=fraction)["last_fraction"]
    assert found == pytest.approx([0.5, 0.6])
    values = {key: [[i + 0.1, i + 0.2] for i in range(k, k + 3)] for k, key in ((1, "radius"),)}
    values |= {"lyapunov": [[-1.0, -2], [-3, -4], [-5, -6]], "log_singular": [[9.0, 9]] * 3}
    found = looked(Spectrum("x"), **values)
    assert found["last_radius"] == pytest.approx([3.1, 3.2])
    assert found["last_lyapunov"] == [-5, -6]
    norms = [[[1.0, 1, 1]], [[1.0, 1, 1]], [[1e-9, 1e-9, 1]]]
    assert looked(GradientFlow("x"), norms=norms)["last_memory_horizon"] == [1.0]
    accuracy = [[[[0.9, 0.1]]] * 4] * 2 + [[[[0.8, 0.2]], [[0.7, 0.3]], [[0.6, 0.4]], [[0.5, 0.5]]]]
    found = looked(Memory("x"), accuracy=accuracy)
    names = ("n1", "n2", "n1 and n2", "n1 + n2")
    expected = {
        f"{name} at the end": [at] for name, at in zip(names, (0.2, 0.3, 0.4, 0.5), strict=True)
    }
    assert {name: np.round(values, 6).tolist() for name, values in found.items()} == expected


def test_norms_are_summed_up_by_hand() -> None:
    """Steps that aren't finite are counted, and left out of the largest; infinity is clipped."""
    probe = GradientNorms("x")
    probe._bound = 2.0
    before = [[[1.0, 9]], [[float("inf"), 1]], [[float("nan"), 1]]]
    whole = [[1.0, 9], [float("inf"), 1], [float("nan"), 2]]
    found = looked(probe, before=before, global_before=whole)
    assert found["nonfinite_steps"] == [2, 0]
    assert found["largest_global_norm"] == [1, 9]
    assert found["clipped_fraction"] == pytest.approx([1 / 3, 1 / 3])


def test_figures_say_what_was_probed() -> None:
    norms = GradientNorms("x")
    norms.names, norms._bound = ["W"], 0.5
    looked(norms, before=[[[1.0, 2]]] * 3, after=[[[0.5, 0.5]]] * 3, global_before=[[1.0, 2]] * 3)
    made = norms.figure(norms.arrays())
    assert made.get_suptitle().startswith("clipped at 0.5;")
    assert [line.get_label() for line in made.axes[0].lines] == [
        "before clipping",
        "after clipping",
    ]
    read = Memory("x")
    looked(read, accuracy=[[[[0.9, 0.1]]] * 4] * 3)
    assert "chance\n0.10" in [text.get_text() for text in read.figure(read.arrays()).axes[0].texts]
    read.names = OWN_TARGETS  # of items of a person's own: each has a chance of its own
    assert not read.figure(read.arrays()).axes[0].texts


class Book(Logger):
    """Remembers what it is told."""

    name = version = "book"

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, float], int]] = []

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        assert step is not None
        self.told.append((dict(metrics), step))

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        pass


def test_loggers_are_told_what_is_finite_at_its_step(tmp_path: Path) -> None:
    """The median over replicas, into a folder that isn't there yet."""
    probe, book = GradientNorms(str(tmp_path / "a" / "b")), Book()
    probe.names = ["W"]
    looked(
        probe,
        before=[[[1.0, 2, 9]], [[float("nan")] * 3], [[3.0, 4, 5]]],
        global_before=[[1.0, 2, 3]] * 3,
    )
    probe.finish(trainer(logger=book))
    assert book.told == [({"gradient_norms/W_before": 2}, 1), ({"gradient_norms/W_before": 4}, 21)]
    with np.load(tmp_path / "a" / "b" / "gradient_norms.npz") as stored:
        assert stored["step"].tolist() == [1, 11, 21]


def test_about_as_many_dev_sequences_as_wished_spread_over_all() -> None:
    labels = torch.arange(10).expand(1, 10)
    told = SimpleNamespace(course=SimpleNamespace(dev=Batch(labels[..., None], labels)))
    for count, wanted in ((10, range(10)), (7, range(10)), (5, range(0, 10, 2)), (99, range(10))):
        assert dev_sample(told, count).labels.tolist() == [list(wanted)]  # type: ignore[arg-type]


def test_the_horizon_counts_from_the_end() -> None:
    norms = np.array([[1.0, 1e-3, 1e-3, 1.0, 1.0]])
    assert memory_horizon(norms).tolist() == [2.0]


def test_what_the_memory_probe_reads() -> None:
    digits = torch.tensor([[[3, 8, 0, 5], [9, 9, 1, 0]]])
    found = targets(Batch(digits, digits[..., 0]), SUM)
    assert [labels.tolist() for labels, _ in found] == [[[3, 9]], [[8, 9]], [[11, 18]]]
    assert [classes for _, classes in found] == [10, 10, 19]


def test_memory_is_read_from_the_best_weights_on_examples_of_its_own(tmp_path: Path) -> None:
    """Weights whose best reads everything and whose last reads nothing, and the other way round."""
    drawn = data(tmp_path, 2, length=5)
    seen: list[Tensor] = []
    probe = Memory(str(tmp_path))
    network = module(IRNN, 2, lr=1e-9)
    run = trainer(max_steps=1, callbacks=[probe])

    def keep(digits: Tensor) -> Tensor:
        """n1 and n2 stand in two units for ever."""
        seen.append(digits)
        first, second = digits[:, :, 0], digits[:, :, 1]
        hot = torch.nn.functional.one_hot
        both = torch.cat([hot(first, 10), hot(second, 10)], -1).float()
        held = both.unsqueeze(1).repeat(1, digits.shape[2], 1, 1)
        held[:, -1, :, 10:] = 0  # at the end the second is gone
        return held

    def nothing(digits: Tensor) -> Tensor:
        return torch.zeros(*digits.shape[:1], digits.shape[2], digits.shape[1], 20)

    def answer(digits: Tensor) -> Tensor:
        total = digits[..., 0] + digits[..., 1]
        return torch.nn.functional.one_hot(total.where(digits[..., 0] < 5, 0), 19).float()

    network.best.hidden = keep  # type: ignore[method-assign]
    network.best.forward = answer  # type: ignore[method-assign]
    network.classifier.hidden = nothing  # type: ignore[method-assign]
    run.fit(network, drawn)
    accuracy = probe.arrays()["accuracy"]
    assert accuracy.shape == (1, 4, 2, 5)
    assert (accuracy[0, :3, :, 1] == 1).all()
    assert (accuracy[0, 0, :, -1] == 1).all()
    assert (accuracy[0, 1, :, -1] < 0.2).all()
    assert (accuracy[0, BOTH, :, -1] == accuracy[0, 1, :, -1]).all()
    # Wrong is every answer that begins with 5 or more; of a tenth the second digit is guessed.
    assert probe.arrays()["lost"].tolist() == [[pytest.approx(0.5 * 0.9)] * 2]
    trained = {row.tobytes() for row in drawn.splits["train"].digits[0].numpy()}
    fitted, measured = ({row.tobytes() for row in one[0].numpy()} for one in seen[-2:])
    assert len(seen[-1][0]) == 1000
    # Sequences of length 5 are few; what is drawn apart isn't the same set.
    assert fitted != measured
    assert fitted != trained
