"""Cells against the worked example and against torch's own layers under transplanted weights."""

import pytest
import torch
from torch import Tensor, nn

from digitsum.network.cells import (
    GRU,
    IRNN,
    LSTM,
    MGU,
    SRN,
    UGRNN,
    Cell,
    IndRNN,
    MinGRU,
    SRNResidual,
    SRNSkip,
)
from digitsum.network.embedding import Learned
from digitsum.network.initialisation import (
    Initialisation,
    identity,
    replica_generators,
    xavier,
    zeros,
)
from digitsum.network.recurrence import rows_of, states

from ..networks import CELLS, INIT


def worked(cell: type[Cell]) -> Cell:
    weights = {
        "W": torch.tensor([[[0.1, 0.2], [0.1, 0.2]]]),
        "U": torch.tensor([[[0.0, 0.1], [0.1, 0.0]]]),
        "b": torch.tensor([[[0.1, 0.1]]]),
    }
    return cell(2, 2, weights=weights)


def run(cell: Cell, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """h_T [R, B, H] and h_1 ... h_T [R, T, B, H]."""
    table, rows = rows_of(inputs)
    found = [state[0] for state in states(cell, cell.project(table), rows)]
    return found[-1], torch.stack(found, 1)


def test_worked_example() -> None:
    inputs = torch.tensor([[[[1.0, 0.0], [0.0, 2.0]]]])
    plain, _ = run(worked(SRN), inputs)
    torch.testing.assert_close(plain, torch.tensor([[[0.3177, 0.4775]]]), atol=5e-5, rtol=0)
    # By hand: h1 = tanh([.2, .3]) = [.19738, .29131];
    # h2 = h1 + tanh([.1 2 + .1 .29131 + .1, .2 2 + .1 .19738 + .1]) = h1 + tanh([.32913, .51974]).
    residual, _ = run(worked(SRNResidual), inputs)
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


@pytest.mark.parametrize("kind", [SRN, LSTM, GRU])
def test_each_replica_equals_torchs_layer(kind: type[Cell]) -> None:
    replicas, batch, length, size, hidden = 3, 4, 9, 5, 11
    cell = kind(size, hidden, replica_generators(0, replicas), INIT)
    inputs = torch.randn(replicas, batch, length, size, generator=torch.Generator().manual_seed(1))
    direction = torch.randn(replicas, batch, hidden, generator=torch.Generator().manual_seed(2))
    last, all_states = run(cell, inputs)
    (last * direction).sum().backward()
    for i in range(replicas):
        layer = transplant(cell, i)
        outputs, _ = layer(inputs[i])
        torch.testing.assert_close(all_states[i].transpose(0, 1), outputs, atol=1e-5, rtol=1e-5)
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


def test_residual_adds_what_the_plain_cell_would_give() -> None:
    by = replica_generators(0, 2)
    residual = SRNResidual(3, 4, by, INIT)
    plain = SRN(3, 4, weights=dict(residual.named_parameters()))
    inputs = torch.randn(2, 5, 1, 3)
    # From h_0 = 0 the first step of both is the same; torch.nn.RNN has no residual to compare.
    one, _ = run(residual, inputs)
    other, _ = run(plain, inputs)
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_needs_a_start(kind: type[Cell]) -> None:
    with pytest.raises(TypeError, match="needs"):
        kind(3, 4)


def test_the_skip_dial_ends_at_the_plain_and_at_the_residual_cell() -> None:
    inputs = torch.randn(2, 5, 7, 3, generator=torch.Generator().manual_seed(1))
    for skip, kind in ((0.0, SRN), (1.0, SRNResidual)):
        dial = SRNSkip(3, 4, replica_generators(0, 2), INIT, skip=skip)
        end = kind(3, 4, weights=dict(dial.named_parameters()))
        torch.testing.assert_close(run(dial, inputs)[1], run(end, inputs)[1])


def one_step(cell: Cell, x: Tensor, h: Tensor) -> Tensor:
    """A step by the equation's letters, for one replica and one example."""
    return cell.step(cell.project(x[None, None]), (h[None, None],))[0][0, 0]


@pytest.fixture
def x() -> Tensor:
    return torch.tensor([0.5, -1.0, 2.0])


@pytest.fixture
def h() -> Tensor:
    return torch.tensor([0.3, -0.2, 0.9, 0.1])


def parts(cell: Cell, name: str) -> tuple[Tensor, ...]:
    return getattr(cell, name)[0].chunk(len(cell.gates), dim=-1)


def test_irnn_and_indrnn(x: Tensor, h: Tensor) -> None:
    start = Initialisation(xavier, identity, zeros)
    irnn, indrnn = (kind(3, 4, replica_generators(0, 1), start) for kind in (IRNN, IndRNN))
    for cell in (irnn, indrnn):
        # From U = I (u = 1) and b = 0 both add their input to what they had, and rectify.
        torch.testing.assert_close(one_step(cell, x, h), torch.relu(x @ cell.W[0] + h))
    with torch.no_grad():
        indrnn.u[0, 0] = torch.tensor([0.5, -1.0, 2.0, 0.0])
    expected = torch.relu(x @ indrnn.W[0] + torch.tensor([0.15, 0.2, 1.8, 0.0]))
    torch.testing.assert_close(one_step(indrnn, x, h), expected)
    assert "U" not in dict(indrnn.named_parameters())


def test_ugrnn(x: Tensor, h: Tensor) -> None:
    cell = UGRNN(3, 4, replica_generators(0, 1), INIT)
    (W_g, W_c), (U_g, U_c), (b_g, b_c) = (parts(cell, name) for name in "WUb")
    g = torch.sigmoid(x @ W_g + h @ U_g + b_g[0])
    c = torch.tanh(x @ W_c + h @ U_c + b_c[0])
    torch.testing.assert_close(one_step(cell, x, h), g * h + (1 - g) * c)


def test_mgu(x: Tensor, h: Tensor) -> None:
    cell = MGU(3, 4, replica_generators(0, 1), INIT)
    (W_f, W_h), (U_f, U_h), (b_f, b_h) = (parts(cell, name) for name in "WUb")
    f = torch.sigmoid(x @ W_f + h @ U_f + b_f[0])
    candidate = torch.tanh(x @ W_h + (f * h) @ U_h + b_h[0])
    torch.testing.assert_close(one_step(cell, x, h), (1 - f) * h + f * candidate)


def test_mingru(x: Tensor, h: Tensor) -> None:
    cell = MinGRU(3, 4, replica_generators(0, 1), INIT)
    (W_z, W_h), (b_z, b_h) = (parts(cell, name) for name in "Wb")
    z = torch.sigmoid(x @ W_z + b_z[0])
    expected = (1 - z) * h + z * (x @ W_h + b_h[0])
    torch.testing.assert_close(one_step(cell, x, h), expected)


def test_an_embedding_looks_up_in_each_replicas_own_table() -> None:
    """By hand: replica 1's rows are a hundred above replica 0's."""
    made = Learned(replica_generators(0, 2), size=3)
    with torch.no_grad():
        made.table.copy_(torch.arange(30.0).view(10, 3) + torch.tensor([0.0, 100])[:, None, None])
    digits = torch.tensor([[[0, 9], [2, 2]], [[1, 0], [3, 4]]])
    found = made(digits)
    assert found.shape == (2, 2, 2, 3)
    assert found[0, 0, 1].tolist() == [27, 28, 29]
    assert found[0, 1].tolist() == [[6, 7, 8], [6, 7, 8]]
    assert found[1, 1].tolist() == [[109, 110, 111], [112, 113, 114]]
