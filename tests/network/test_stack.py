"""Layers against torch's own, compiled, resumed, alone in company; how they and gates start."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from digitsum.errors import UserError
from digitsum.figures.gates import trace as gates_of
from digitsum.network.cells import GRU, LRU, LSTM, SRN, Cell, MinGRU, Stack
from digitsum.network.initialisation import (
    Initialisation,
    layer_generators,
    replica_generators,
    uniform,
    xavier,
)
from digitsum.network.recurrence import rows_of, states
from digitsum.probes.gradient_flow import gradient_flow
from digitsum.probes.saturation import saturated_fraction
from digitsum.probes.spectrum import spectral_radius
from digitsum.runs.notebook import compose
from digitsum.training.norms import parts

from ..conftest import Command
from ..networks import CELLS, INIT, data, trainer
from ..training.test_compiled import equal, trained
from ..training.test_compiled import made as made_of
from .test_cells import transplant


def stack(
    kind: type[Cell], size: int, hidden: int, by: list[torch.Generator], *rest: object
) -> Stack:
    """Two layers; with the arguments of a cell, so that it can stand where one is expected."""
    first = kind(size, hidden, by, INIT)
    above = layer_generators(by[0].initial_seed(), len(by), 1)
    return Stack([first, kind(first.read_size, hidden, above, INIT)])


def of(kind: type[Cell]) -> type[Cell]:
    return partial(stack, kind)  # type: ignore[return-value]


@pytest.mark.parametrize("kind", [SRN, LSTM, GRU])
def test_two_layers_equal_torchs(kind: type[Cell]) -> None:
    replicas, batch, length, size, hidden = 2, 4, 9, 5, 7
    cell = stack(kind, size, hidden, replica_generators(0, replicas)).double()
    stream = torch.Generator().manual_seed(1)
    inputs = torch.randn(replicas, batch, length, size, generator=stream, dtype=torch.float64)
    direction = torch.randn(batch, hidden, generator=stream, dtype=torch.float64)
    table, rows = rows_of(inputs)
    read = torch.stack([cell.read(one) for one in states(cell, cell.project(table), rows)], 2)
    (read[:, :, -1] * direction).sum().backward()
    for i in range(replicas):
        layers = {SRN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU}[kind](  # type: ignore[index]
            size, hidden, num_layers=2, batch_first=True, dtype=torch.float64
        )
        for number, one in enumerate(cell.layers):
            single = transplant(one, i)  # type: ignore[arg-type]
            with torch.no_grad():
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                    getattr(layers, f"{name}_l{number}").copy_(getattr(single, f"{name}_l0"))
        outputs, _ = layers(inputs[i])
        torch.testing.assert_close(read[i], outputs, atol=1e-12, rtol=1e-12)
        (outputs[:, -1] * direction).sum().backward()
        for number, one in enumerate(cell.layers):
            for ours, theirs in (("W", "weight_ih"), ("U", "weight_hh")):
                found = getattr(one, ours).grad[i]
                wanted = getattr(layers, f"{theirs}_l{number}").grad.T
                torch.testing.assert_close(found, wanted, atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("kind", [LSTM, MinGRU, LRU])
def test_layers_are_compiled(kind: type[Cell], tmp_path: Path) -> None:
    """LRU hands two parts on to the layer above."""
    equal(tmp_path, kind=of(kind))


def test_a_replica_of_layers_alone_is_what_it_is_in_company(tmp_path: Path) -> None:
    company = trained(made_of(of(GRU), replicas=3, dtype=torch.float32), tmp_path, 40)
    whole = made_of(of(GRU), replicas=3, dtype=torch.float32).state_dict()
    alone = made_of(of(GRU), replicas=1, dtype=torch.float32)
    alone.load_state_dict({name: value[2:3] for name, value in whole.items()})
    own = data(tmp_path, 1, seed=2, batch_size=13, shuffle=True)
    trainer(max_steps=40, max_epochs=-1).fit(alone, own)
    for name, tensor in alone.classifier.state_dict().items():
        assert torch.equal(tensor[0], company.classifier.state_dict()[name][2]), name


def test_a_layers_start_is_a_function_of_seed_and_layer_alone() -> None:
    def weights(*overrides: str) -> dict[str, Tensor]:
        return compose("model=gru", *overrides)[1].classifier.cell.state_dict()

    two, three = weights("model.layers=2", "replicas=2"), weights("model.layers=3", "seed=1")
    for name, tensor in two.items():
        assert torch.equal(tensor[1], three[name][0]), name  # replica 1 is seed 1
    for name in ("W", "U", "b", "d"):
        assert torch.equal(weights()[name][0], two[f"layers.0.{name}"][0])  # as without layers
    assert not torch.equal(three["layers.1.U"], three["layers.2.U"])
    # The readout's start comes behind the first layer's, as without others.
    one, other = (compose("model=gru", f"model.layers={n}")[1] for n in (1, 2))
    assert torch.equal(one.classifier.readout.V, other.classifier.readout.V)


@pytest.mark.parametrize("kind", CELLS)
def test_every_cell_can_stand_in_layers(kind: type[Cell]) -> None:
    cell = stack(kind, 3, 4, replica_generators(0, 2))
    assert len(cell.states) == len(set(cell.states)) == 2 * len(kind.states)
    now = cell.step(cell.project(torch.randn(2, 5, 3)), cell.initial_state(2, 5))
    assert cell.read(now).shape == (2, 5, 4 * len(kind.readout))
    radii = [spectral_radius(one) for one in cell.layers]  # type: ignore[arg-type]
    torch.testing.assert_close(spectral_radius(cell), torch.stack(radii).amax(0))


def test_probes_say_which_layer() -> None:
    module = compose("model=lstm", "model.layers=2", "model.hidden_size=4", "replicas=2")[1]
    network = module.classifier
    names = [one.name for one in parts(network.cell)]
    assert names[0] == "W_i of layer 1"
    assert names[-1] == "b_o of layer 2"
    assert len(names) == 2 * 12
    digits = torch.randint(0, 10, (2, 3, 6), generator=torch.Generator().manual_seed(0))
    assert gradient_flow(network, digits, torch.zeros(2, 3, dtype=torch.int64)).shape == (2, 6)
    assert saturated_fraction(network.cell, network.hidden(digits)).shape == (2,)
    # The gates are those of the second layer, worked out from its own weights.
    traced = gates_of(network, (1, 2, 3))
    first, second = network.cell.layers
    table = network.cell.project(network.embedding.table)
    lower, upper = first.initial_state(2, 1), second.initial_state(2, 1)
    for t, digit in enumerate((1, 2, 3)):
        lower = first.step(table[:, digit : digit + 1], lower)
        a = lower[0] @ second.W + second.b
        gates = second.activations(a, upper[0])  # type: ignore[operator]
        upper = second.step(a, upper)
        np.testing.assert_allclose(traced["f"][:, t], gates[1][:, 0].detach(), atol=1e-6)
        np.testing.assert_allclose(traced["c"][:, t], upper[1][:, 0].detach(), atol=1e-6)


GATED = [kind for kind in CELLS if kind.keeps]


@pytest.mark.parametrize("kind", GATED)
def test_gates_that_keep_the_state_start_as_they_are_told(kind: type[Cell]) -> None:
    by = replica_generators(0, 2)
    plain = kind(3, 50, by, Initialisation(xavier, xavier, uniform))
    told = kind(
        3, 50, replica_generators(0, 2), Initialisation(xavier, xavier, uniform, forget_bias=1.5)
    )
    chrono = kind(
        3, 50, replica_generators(0, 2), Initialisation(xavier, xavier, uniform, chrono=40)
    )
    for place, gate in enumerate(kind.gates):
        block = slice(50 * place, 50 * (place + 1))
        before, open_, drawn = (one.b[..., block] for one in (plain, told, chrono))
        if gate in kind.keeps:
            assert (open_ == 1.5 * kind.keeps[gate]).all()
            times = (drawn * kind.keeps[gate]).exp()
            assert times.min() >= 1
            assert times.max() <= 39
            assert 15 < times.mean() < 25  # uniform from 1 to 39
            assert not torch.equal(drawn[0], drawn[1])
        elif gate in kind.admits:
            assert torch.equal(open_, before)
            (keeping,) = kind.keeps
            at = 50 * kind.gates.index(keeping)
            assert torch.equal(drawn, -chrono.b[..., at : at + 50] * kind.keeps[keeping])
        else:
            assert torch.equal(open_, before)
    for name in ("W", "U"):
        if hasattr(plain, name):
            assert torch.equal(getattr(plain, name), getattr(told, name))


def test_a_gate_so_started_keeps_the_state() -> None:
    """What is kept of h after a step without input, as the bias says: the sign is the right one."""
    for kind in GATED:
        cell = kind(3, 50, replica_generators(0, 1), Initialisation(xavier, xavier, forget_bias=30))
        with torch.no_grad():
            cell.W.zero_()
            if hasattr(cell, "U"):
                cell.U.zero_()
        state = tuple(0.3 * torch.ones(1, 1, 50) for _ in cell.states)
        after = cell.step(cell.project(torch.zeros(1, 1, 3)), state)
        kept = cell.states.index("c") if "c" in cell.states else 0
        assert (after[kept] > 0.19).all(), kind.__name__


def test_what_can_not_be_so_started_is_told() -> None:
    for overrides, words in (
        (("init.forget_bias=1",), "init.forget_bias: SRN has no gate that keeps the state"),
        (("init=chrono",), "init=chrono: SRN has no gate that keeps the state"),
        (("model=gru_chrono", "init.chrono=2"), "init.chrono is 2; it must be 3 or more"),
        (("model=gru_chrono", "init.forget_bias=1"), "give one of the two"),
        (("model.layers=0",), "model.layers is 0; it must be a whole number, at least 1"),
        (("model=gru", "init.forget_bias=high"), "init.forget_bias is high; it must be a number"),
    ):
        with pytest.raises(UserError, match=words):
            compose(*overrides)


def test_presets_start_as_their_names_say() -> None:
    biases = {}
    for name in ("lstm", "lstm_forget_1", "lstm_chrono"):
        _, module = compose(f"model={name}", "data.length=30")
        i, f, _, _ = module.classifier.cell.b[0, 0].chunk(4)
        biases[name] = i, f
    assert (biases["lstm"][1] == 0).all()
    assert (biases["lstm_forget_1"][1] == 1).all()
    assert (biases["lstm_forget_1"][0] == 0).all()
    assert torch.equal(biases["lstm_chrono"][0], -biases["lstm_chrono"][1])
    assert 0 <= biases["lstm_chrono"][1].min() < biases["lstm_chrono"][1].max() <= math.log(29)


def test_a_run_of_layers_is_stored_resumed_and_asked_again(command: Command) -> None:
    words = ("model=mingru", "model.layers=2", "model.hidden_size=9", "hydra.run.dir=r")
    done = command("train.py", *words, "trainer.max_epochs=2", "replicas=2")
    assert done.returncode == 0, done.stderr
    again = command("evaluate.py", "run=r")
    assert again.returncode == 0, again.stderr
    assert "Each replica's accuracy equals what training reported." in again.stdout
    gates = command("evaluate.py", "run=r", "figures=gates")
    assert "figures=gates: MinGRU has no gates" in gates.stderr
