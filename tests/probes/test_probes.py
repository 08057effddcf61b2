"""The gradient laboratory against independent computations."""

import math
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from digitsum.figures.gates import trace
from digitsum.network.cells import GRU, LSTM, SRN, Cell, SRNResidual, State
from digitsum.network.classifier import Classifier, Readout
from digitsum.network.embedding import Frozen
from digitsum.network.initialisation import replica_generators
from digitsum.probes.gradient_flow import GradientFlow, gradient_flow, memory_horizon
from digitsum.probes.gradient_norms import GradientNorms
from digitsum.probes.memory import Memory, read_off
from digitsum.probes.saturation import Saturation, saturated_fraction
from digitsum.probes.spectrum import Spectrum, spectral_radius, stretch
from digitsum.training.clipping import Clipping
from digitsum.training.loss import replica_losses

from ..networks import CELLS, INIT, classifier, data, module, trainer


class LinearSRN(SRN):
    """h_t = x_t W + h_{t-1} U + b: its Jacobian is a power of U."""

    def step(self, a: Tensor, state: State) -> State:
        return (a + state[0] @ self.U,)


def linear(replicas: int = 2, hidden: int = 5) -> Classifier:
    by = replica_generators(0, replicas)
    cell = LinearSRN(4, hidden, by, INIT)
    return Classifier(Frozen(by, 4), cell, Readout(cell.read_size, by)).double()


def digits(replicas: int, batch: int = 6, length: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 10, (replicas, batch, length), generator=generator)


def test_flow_through_a_linear_cell_is_a_product_of_us() -> None:
    network, sequences = linear(), digits(2)
    labels = sequences[:, :, 0] + sequences[:, :, 1]
    norms = gradient_flow(network, sequences, labels)
    leaf = network.hidden(sequences)[:, -1].detach().requires_grad_()
    replica_losses(network.readout(leaf), labels, "sum").sum().backward()
    expected = leaf.grad
    assert expected is not None
    for t in range(6, -1, -1):
        by_hand = expected.square().sum(-1).mean(-1).sqrt()
        torch.testing.assert_close(norms[:, t], by_hand)
        expected = expected @ network.cell.U.mT


def open_lstm(forget: float) -> Classifier:
    """One unit that sees neither its input nor h: gates by their biases, f as given, i, o and the
    cell's own one half.
    """
    by = replica_generators(0, 1)
    network = Classifier(Frozen(by, 4), LSTM(4, 1, by, INIT), Readout(1, by)).double()
    for parameter in (network.cell.W, network.cell.U, network.cell.b):
        parameter.data.zero_()
    gates = list(network.cell.gates)
    network.cell.b.data[..., gates.index("f")] = math.log(forget / (1 - forget))
    network.cell.b.data[..., gates.index("g")] = math.atanh(0.5)
    return network


def test_flow_and_stretch_of_an_lstm_on_paper() -> None:
    """c_t = f c_{t-1} + 1/4 and h_t = tanh(c_t) / 2: what flows, flows through c alone."""
    forget, length = 0.75, 6
    network, sequences = open_lstm(forget), digits(1, batch=1, length=length)
    labels = sequences[:, :, 0] + sequences[:, :, 1]
    c = [0.0]
    for _ in range(length):
        c.append(forget * c[-1] + 0.25)
    leaf = torch.tensor([[[math.tanh(c[-1]) / 2]]], dtype=torch.float64, requires_grad=True)
    replica_losses(network.readout(leaf), labels, "sum").sum().backward()
    assert leaf.grad is not None
    by_h = abs(leaf.grad.item())
    by_c = by_h * (1 - math.tanh(c[-1]) ** 2) / 2
    expected = [by_c * forget**lag for lag in range(length - 1, 0, -1)] + [by_h]
    found = gradient_flow(network, sequences, labels)[0].tolist()
    assert found == pytest.approx(expected, rel=1e-9)
    # The Jacobian: by h_0 nothing; by c_0, c_T is f^T and h_T that times the slope of h by c.
    slope = (1 - math.tanh(c[-1]) ** 2) / 2
    singular, exponent = stretch(network, sequences)
    assert singular.item() == pytest.approx(math.log(forget**length * math.hypot(1, slope)))
    along = forget**length * math.hypot(1, slope) / math.sqrt(2)
    assert exponent.item() == pytest.approx(math.log(along) / length)


def test_stretch_of_a_linear_cell_is_that_of_a_power_of_u() -> None:
    network, sequences = linear(), digits(2)
    log_singular, exponent = stretch(network, sequences)
    power = torch.linalg.matrix_power(network.cell.U.detach(), 7)
    torch.testing.assert_close(log_singular, torch.linalg.matrix_norm(power, ord=2).log())
    v = torch.full((5,), 5**-0.5, dtype=torch.float64)
    torch.testing.assert_close(exponent, (v @ power).norm(dim=-1).log() / 7)


@pytest.mark.parametrize("kind", CELLS)
def test_stretch_is_the_jacobian_by_autograd(kind: type[Cell]) -> None:
    network, sequences = classifier(kind, 2).double(), digits(2, batch=1, length=5)
    log_singular, _ = stretch(network, sequences)
    table = network.cell.project(network.embedding.table)

    size = 8 * len(network.cell.states)

    def last(s0: Tensor) -> Tensor:
        state: State = s0.split(8, -1)
        for t in range(5):
            state = network.cell.step(table[torch.arange(2)[:, None], sequences[:, :, t]], state)
        return torch.cat(state, -1)

    jacobian: Any = torch.autograd.functional.jacobian(last, torch.zeros(2, 1, size).double())
    for i in range(2):
        singular = torch.linalg.matrix_norm(jacobian[i, 0, :, i, 0], ord=2)
        torch.testing.assert_close(log_singular[i], singular.log())


def test_spectral_radius_by_hand() -> None:
    U = torch.tensor([[[0.0, 2.0], [-2.0, 0.0]], [[3.0, 1.0], [0.0, 0.5]]])
    cell = SRN(1, 2, weights={"W": torch.zeros(2, 1, 2), "U": U, "b": torch.zeros(2, 1, 2)})
    torch.testing.assert_close(spectral_radius(cell), torch.tensor([2.0, 3.0]))


def test_memory_horizon_by_hand() -> None:
    norms = np.array([[1e-4, 0.5e-2, 0.02, 1.0], [1, 1, 1, 1.0], [np.inf, 1, 1, 1]])
    assert memory_horizon(norms)[:2].tolist() == [2.0, 4.0]
    assert np.isnan(memory_horizon(norms)[2])


def test_saturation_by_hand() -> None:
    plain = classifier(SRN, 1).cell
    residual = classifier(SRNResidual, 1).cell
    states = torch.tensor([0.5, 1.495, 2.0, 1.001]).view(
        1, 4, 1, 1
    )  # differences: .5 .995 .505 -.999
    assert saturated_fraction(residual, states).tolist() == [0.5]
    assert saturated_fraction(plain, states).tolist() == [0.75]


def test_a_linear_reader_reads_what_is_there_and_no_more() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 4, (1, 300), generator=generator)
    written = nn.functional.one_hot(labels, 4).float().unsqueeze(1)
    noise = torch.randn(1, 1, 300, 4, generator=generator)
    states = torch.cat([written, noise], 1)  # at time 1 the label itself, at time 2 nothing
    (answers,) = read_off(states[:, :, :200], [(labels[:, :200], 4)], states[:, :, 200:])
    found = (answers == labels[:, 200:].unsqueeze(1)).double().mean(-1)
    assert found[0, 0] == 1.0
    assert found[0, 1] < 0.45


class Witness(pl.Callback):
    """Computes gradients anew, by autograd over the plain recurrence, at one step."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.norms: dict[str, Tensor] = {}

    def on_after_backward(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if trainer.global_step != self.at:
            return
        batch = trainer.datamodule.course().batches(0)[self.at]  # type: ignore[attr-defined]
        network = pl_module.classifier
        table = network.cell.project(network.embedding.table)
        with torch.enable_grad():
            state = network.cell.initial_state(*batch.digits.shape[:2])
            rows = torch.arange(len(batch.digits))[:, None]
            for t in range(batch.digits.shape[2]):
                state = network.cell.step(table[rows, batch.digits[:, :, t]], state)
            loss = replica_losses(network.readout(network.cell.read(state)), batch.labels).sum()
            names, parameters = zip(*network.cell.named_parameters(), strict=True)
            gradients = torch.autograd.grad(loss, parameters)
        self.norms = {
            name: gradient.flatten(1).norm(dim=1)
            for name, gradient in zip(names, gradients, strict=True)
        }


@pytest.mark.parametrize("kind", CELLS)
def test_logged_norms_are_autograds_and_clipped_ones_are_bounded(
    kind: type[Cell], tmp_path: Path
) -> None:
    probe, witness = GradientNorms(str(tmp_path)), Witness(at=7)
    made = module(kind, 3, clipping=Clipping(0.3))
    trainer(max_steps=12, callbacks=[probe, witness]).fit(made, data(tmp_path, 3))
    arrays = probe.arrays()
    assert arrays["step"].tolist() == list(range(1, 13))
    names = [str(name) for name in arrays["names"]]
    for parameter, expected in witness.norms.items():
        gates = [i for i, name in enumerate(names) if name.partition("_")[0] == parameter]
        logged = np.sqrt((arrays["before"][7, gates] ** 2).sum(0))
        np.testing.assert_allclose(logged, expected, rtol=1e-5)
    assert (arrays["global_after"] <= 0.3 * (1 + 1e-6)).all()
    summary = probe.summary(arrays)
    expected_fraction = (arrays["global_before"] > 0.3).mean(0).tolist()
    assert summary["clipped_fraction"] == expected_fraction
    assert summary["nonfinite_steps"] == [0, 0, 0]


@pytest.mark.parametrize("kind", [SRN, GRU])
def test_norms_are_the_same_either_way(kind: type[Cell], tmp_path: Path) -> None:
    found = []
    for way in ("fast", "reference"):
        made, probe = module(kind, 3, clipping=Clipping(0.3)), GradientNorms(str(tmp_path))
        made.recurrence = way  # type: ignore[assignment]
        trainer(max_steps=20, callbacks=[probe]).fit(made, data(tmp_path, 3))
        found.append(probe.arrays())
    for name in ("step", "before", "after", "global_before", "global_after"):
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-3, atol=1e-6)


def test_saturation_is_of_the_states_before_each_step(tmp_path: Path) -> None:
    probes = [Saturation(str(tmp_path), every=3) for _ in range(2)]
    for probe, way in zip(probes, ("fast", "reference"), strict=True):
        made = module(SRNResidual, 2, lr=0.3)
        made.recurrence = way  # type: ignore[assignment]
        trainer(max_steps=10, callbacks=[probe]).fit(made, data(tmp_path, 2))
    assert probes[0].steps == [1, 4, 7, 10]
    np.testing.assert_allclose(
        probes[0].arrays()["fraction"], probes[1].arrays()["fraction"], atol=0.01
    )


def test_probes_change_nothing_and_leave_their_files(tmp_path: Path) -> None:
    folder = str(tmp_path / "out")
    probes = [
        GradientNorms(folder),
        Saturation(folder),
        GradientFlow(folder, every=20),
        Spectrum(folder, every=20),
        Memory(folder),
    ]
    without, with_all = module(LSTM, 2), module(LSTM, 2)
    trainer(max_epochs=3).fit(without, data(tmp_path, 2))
    run = trainer(max_epochs=3, callbacks=probes)
    run.fit(with_all, data(tmp_path, 2))
    for one, other in zip(without.parameters(), with_all.parameters(), strict=True):
        assert torch.equal(one, other)
    for probe in probes:
        summary, picture = probe.finish(run)
        assert picture.exists()
        assert all(len(values) == 2 for values in summary.values())
        with np.load(tmp_path / "out" / f"{probe.name}.npz", allow_pickle=False) as stored:
            assert len(stored["step"]) > 0
    assert probes[2].arrays()["norms"].shape == (3, 2, 6)  # steps 1, 21, 41


def test_a_probes_record_survives_a_checkpoint(tmp_path: Path) -> None:
    whole, first, second = (GradientNorms(str(tmp_path)) for _ in range(3))
    trainer(max_epochs=4, callbacks=[whole]).fit(module(GRU, 2), data(tmp_path, 2))
    half = trainer(max_epochs=2, callbacks=[first])
    half.fit(module(GRU, 2), data(tmp_path, 2))
    half.save_checkpoint(tmp_path / "half.ckpt")
    trainer(max_epochs=4, callbacks=[second]).fit(
        module(GRU, 2), data(tmp_path, 2), ckpt_path=tmp_path / "half.ckpt", weights_only=True
    )
    for name, values in whole.arrays().items():
        assert (values == second.arrays()[name]).all(), name


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_traced_gates_are_those_of_the_cell(kind: type[Cell]) -> None:
    network = classifier(kind, 2)
    sequence = (6, 7, 0, 1)
    traced = trace(network, sequence)
    states = network.hidden(torch.tensor(sequence).expand(2, 1, 4).contiguous())
    np.testing.assert_allclose(traced["h"], states[:, :, 0].detach(), atol=1e-6)
    for gate in ("i", "f", "o", "r", "z"):
        if gate in traced:
            assert ((traced[gate] > 0) & (traced[gate] < 1)).all()
