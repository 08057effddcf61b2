"""Cells against the worked example and against torch's own layers under transplanted weights."""

import pytest
import torch
from torch import Tensor, nn

from digitsum.cells import GRU, LSTM, SRN, Cell, SRNResidual
from digitsum.initialisation import replica_generators
from digitsum.recurrence import Recurrence, last_state, rows_of

from .conftest import CELLS, INIT

BOTH: list[Recurrence] = ["fast", "reference"]


def worked(cell: type[Cell]) -> Cell:
    weights = {
        "W": torch.tensor([[[0.1, 0.2], [0.1, 0.2]]]),
        "U": torch.tensor([[[0.0, 0.1], [0.1, 0.0]]]),
        "b": torch.tensor([[[0.1, 0.1]]]),
    }
    return cell(2, 2, weights=weights)


def run(cell: Cell, inputs: Tensor, recurrence: Recurrence) -> tuple[Tensor, Tensor]:
    table, rows = rows_of(inputs)
    return last_state(cell, cell.project(table), rows, recurrence)


@pytest.mark.parametrize("recurrence", BOTH)
def test_worked_example(recurrence: Recurrence) -> None:
    inputs = torch.tensor([[[[1.0, 0.0], [0.0, 2.0]]]])
    plain, _ = run(worked(SRN), inputs, recurrence)
    torch.testing.assert_close(plain, torch.tensor([[[0.3177, 0.4775]]]), atol=5e-5, rtol=0)
    # By hand: h1 = tanh([.2, .3]) = [.19738, .29131];
    # h2 = h1 + tanh([.1 2 + .1 .29131 + .1, .2 2 + .1 .19738 + .1]) = h1 + tanh([.32913, .51974]).
    residual, _ = run(worked(SRNResidual), inputs, recurrence)
    expected = torch.tensor([[[0.19738 + 0.31774, 0.29131 + 0.47750]]])
    torch.testing.assert_close(residual, expected, atol=5e-5, rtol=0)


def transplant(cell: Cell, replica: int) -> nn.RNNBase:
    """torch's layer with one replica's weights: its matrices are ours transposed."""
    kind = {SRN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU}[type(cell)]  # type: ignore[index]
    layer = kind(cell.input_size, cell.hidden_size, batch_first=True)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(cell.W[replica].T)
        layer.weight_hh_l0.copy_(cell.U[replica].T)
        layer.bias_ih_l0.copy_(cell.b[replica, 0])
        layer.bias_hh_l0.zero_()
        if isinstance(cell, GRU):
            layer.bias_hh_l0[-cell.hidden_size :] = cell.d[replica, 0]
    return layer


@pytest.mark.parametrize("recurrence", BOTH)
@pytest.mark.parametrize("kind", [SRN, LSTM, GRU])
def test_each_replica_equals_torchs_layer(kind: type[Cell], recurrence: Recurrence) -> None:
    replicas, batch, length, size, hidden = 3, 4, 9, 5, 11
    cell = kind(size, hidden, replica_generators(0, replicas), INIT)
    inputs = torch.randn(replicas, batch, length, size, generator=torch.Generator().manual_seed(1))
    direction = torch.randn(replicas, batch, hidden, generator=torch.Generator().manual_seed(2))
    last, states = run(cell, inputs, recurrence)
    (last * direction).sum().backward()
    for i in range(replicas):
        layer = transplant(cell, i)
        outputs, _ = layer(inputs[i])
        torch.testing.assert_close(states[i].transpose(0, 1), outputs, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(last[i], outputs[:, -1], atol=1e-5, rtol=1e-5)
        (outputs[:, -1] * direction[i]).sum().backward()
        pairs = [
            (cell.W, layer.weight_ih_l0.grad.T),
            (cell.U, layer.weight_hh_l0.grad.T),
            (cell.b, layer.bias_ih_l0.grad[None]),
        ]
        if isinstance(cell, GRU):
            pairs.append((cell.d, layer.bias_hh_l0.grad[None, -hidden:]))
        for ours, theirs in pairs:
            assert ours.grad is not None
            torch.testing.assert_close(ours.grad[i], theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("recurrence", BOTH)
def test_residual_adds_what_the_plain_cell_would_give(recurrence: Recurrence) -> None:
    by = replica_generators(0, 2)
    residual = SRNResidual(3, 4, by, INIT)
    plain = SRN(3, 4, weights=dict(residual.named_parameters()))
    inputs = torch.randn(2, 5, 1, 3)
    # From h_0 = 0 the first step of both is the same; torch.nn.RNN has no residual to compare.
    one, _ = run(residual, inputs, recurrence)
    other, _ = run(plain, inputs, recurrence)
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_needs_a_start(kind: type[Cell]) -> None:
    with pytest.raises(TypeError, match="needs"):
        kind(3, 4)
