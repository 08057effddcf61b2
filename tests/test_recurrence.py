"""The compiled passes: equal to the plain loop, and right by finite differences."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from digitsum.cells import Cell
from digitsum.initialisation import replica_generators
from digitsum.kernels import numerics
from digitsum.recurrence import last_state

from .conftest import CELLS, INIT


def make(kind: type[Cell], replicas: int, hidden: int, dtype: torch.dtype) -> Cell:
    return kind(3, hidden, replica_generators(0, replicas), INIT).to(dtype)


@pytest.mark.parametrize("kind", CELLS)
def test_gradcheck(kind: type[Cell]) -> None:
    cell = make(kind, 2, 3, torch.float64)
    rows = torch.randint(0, 4, (2, 3, 5), generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    shape = (2, 4, 3 * len(cell.gates))
    table = torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True)

    def last(table: torch.Tensor, *weights: torch.Tensor) -> Any:
        return last_state(cell, table, rows)[0]

    assert torch.autograd.gradcheck(last, (table, *cell.recurrent_weights()))


@pytest.mark.parametrize("kind", CELLS)
@given(
    replicas=st.integers(1, 3),
    batch=st.integers(1, 5),
    length=st.integers(1, 12),
    hidden=st.sampled_from([1, 3, 8, 13, 32]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=15, deadline=None)
def test_fast_equals_reference(
    kind: type[Cell], replicas: int, batch: int, length: int, hidden: int, seed: int
) -> None:
    cell = make(kind, replicas, hidden, torch.float32)
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(0, 10, (replicas, batch, length), generator=generator)
    table = torch.randn(replicas, 10, hidden * len(cell.gates), generator=generator)
    found = []
    for recurrence in ("fast", "reference"):
        cell.zero_grad()
        leaf = table.clone().requires_grad_()
        last, states = last_state(cell, leaf, rows, recurrence)  # type: ignore[arg-type]
        last.square().sum().backward()
        weights = [w.grad for w in cell.recurrent_weights()]
        found.append([last.detach(), states, leaf.grad, *weights])
    for fast, plain in zip(*found, strict=True):
        # Residual states reach `length`, squared losses length^2: tolerances scale with them.
        torch.testing.assert_close(fast, plain, rtol=2e-4, atol=2e-4 * length)


@pytest.mark.parametrize("kind", CELLS)
def test_a_replica_does_not_depend_on_the_others(kind: type[Cell]) -> None:
    rows = torch.randint(0, 10, (4, 8, 7), generator=torch.Generator().manual_seed(0))
    together = make(kind, 4, 16, torch.float32)
    table = torch.randn(4, 10, 16 * len(together.gates), generator=torch.Generator().manual_seed(1))
    last, _ = last_state(together, table, rows)
    for i in range(4):
        alone = kind(3, 16, weights={n: p[i : i + 1] for n, p in together.named_parameters()})
        one, _ = last_state(alone, table[i : i + 1], rows[i : i + 1])
        assert torch.equal(one[0], last[i])


@pytest.mark.parametrize("kind", CELLS)
def test_nan_passes_through_and_stays_in_its_replica(kind: type[Cell]) -> None:
    cell = make(kind, 2, 8, torch.float32)
    with torch.no_grad():
        cell.U[0, 0, 0] = math.nan
    rows = torch.zeros(2, 3, 4, dtype=torch.long)
    last, _ = last_state(cell, torch.randn(2, 10, 8 * len(cell.gates)), rows)
    assert last[0].isnan().any()
    assert last[1].isfinite().all()


@njit
def _each(function: Any, values: Any) -> Any:
    found = np.empty_like(values)
    for i in range(len(values)):
        found[i] = function(values[i])
    return found


@njit
def _tanh(x: Any) -> Any:
    return numerics.tanh(x)


@njit
def _sigmoid(x: Any) -> Any:
    return numerics.sigmoid(x)


@pytest.mark.parametrize(("ours", "theirs"), [(_tanh, torch.tanh), (_sigmoid, torch.sigmoid)])
def test_activations_in_single_precision(ours: Any, theirs: Any) -> None:
    x = np.linspace(-20, 20, 200_001, dtype=np.float32)
    exact = theirs(torch.from_numpy(x).double()).numpy()
    assert np.abs(_each(ours, x) - exact).max() < 1e-7
    extremes = np.array([np.inf, -np.inf, np.nan, 0], np.float32)
    np.testing.assert_allclose(
        _each(ours, extremes), theirs(torch.from_numpy(extremes)).numpy(), atol=5e-7
    )


def test_gradients_die_exactly_where_tanh_is_one() -> None:
    x = np.linspace(8, 12, 100_001, dtype=np.float32)
    assert (_each(_tanh, x[x > 9.2]) == 1).all()
    assert (_each(_tanh, x) <= 1).all()
    exact = np.tanh(x.astype(np.float64)).astype(np.float32)
    assert (_each(_tanh, x) == exact).mean() > 0.999
