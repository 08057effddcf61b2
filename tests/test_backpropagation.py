"""The compiled training step: equal to plain autograd, its parts equal to NumPy and torch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from digitsum.cells import Cell
from digitsum.classifier import Classifier, Readout
from digitsum.embedding import Embedding, Frozen, Learned, Scalar
from digitsum.initialisation import replica_generators
from digitsum.kernels import cross_entropy
from digitsum.kernels.lookup import gather, scatter_add
from digitsum.kernels.product import add_product
from digitsum.loss import Reduction

from .conftest import CELLS, INIT


def network(kind: type[Cell], embedding: type[Embedding], hidden: int) -> Classifier:
    by = replica_generators(0, 3)
    table = embedding(by)
    return Classifier(table, kind(table.size, hidden, by, INIT), Readout(hidden, by))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("embedding", [Frozen, Learned, Scalar])
@pytest.mark.parametrize("kind", CELLS)
def test_gradients_of_all_parameters_are_autograds(
    kind: type[Cell], embedding: type[Embedding], reduction: Reduction
) -> None:
    classifier = network(kind, embedding, 20)
    generator = torch.Generator().manual_seed(0)
    digits = torch.randint(0, 10, (3, 5, 9), generator=generator)
    labels = torch.randint(0, 19, (3, 5), generator=generator)
    found = []
    for recurrence in ("fast", "reference"):
        classifier.zero_grad()
        classifier.recurrence = recurrence  # type: ignore[assignment]
        losses, logits, backward = classifier.losses(digits, labels, reduction)
        backward(losses)
        gradients = {name: p.grad for name, p in classifier.named_parameters()}
        found.append((losses.detach(), logits, gradients, classifier.states))
    fast, plain = found
    torch.testing.assert_close(fast, plain, rtol=1e-3, atol=1e-4)
    assert all(gradient is not None for gradient in plain[2].values())


def test_a_frozen_parameter_gets_no_gradient() -> None:
    classifier = network(CELLS[0], Learned, 8)
    classifier.cell.W.requires_grad_(False)
    digits, labels = torch.zeros(3, 2, 4, dtype=torch.long), torch.zeros(3, 2, dtype=torch.long)
    losses, _, backward = classifier.losses(digits, labels)
    backward(losses)
    assert classifier.cell.W.grad is None
    assert classifier.embedding.table.grad is not None


def test_cross_entropy_is_torchs_also_where_logits_are_large() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 100 * torch.randn(2, 7, 19, generator=generator)
    labels = torch.randint(0, 19, (2, 7), generator=generator)
    leaf = logits.clone().requires_grad_()
    entropies = torch.nn.functional.cross_entropy(leaf.mT, labels, reduction="none").sum(1) / 7
    entropies.sum().backward()
    losses, slopes = cross_entropy.forward(logits.numpy(), labels.numpy(), 1 / 7)
    np.testing.assert_allclose(losses, entropies.detach().numpy(), rtol=1e-5)
    assert leaf.grad is not None
    np.testing.assert_allclose(slopes, leaf.grad.numpy(), atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_cross_entropy_lets_nan_through_in_its_replica_alone(bad: float) -> None:
    logits = np.zeros((2, 3, 19), np.float32)
    logits[0, 1, 5] = bad
    losses, slopes = cross_entropy.forward(logits, np.zeros((2, 3), np.int64), 1.0)
    assert np.isnan(losses[0])
    assert np.isnan(slopes[0, 1]).any()
    assert np.isfinite(losses[1])
    assert np.isfinite(slopes[1]).all()


@njit
def _product(out: Any, a: Any, m: Any) -> None:
    add_product(out, a, m)


@njit
def _product_of_transposed(out: Any, a: Any, m: Any) -> None:
    add_product(out, a.T, m)


@njit
def _lookup(table: Any, rows: Any, out: Any, total: Any) -> None:
    gather(out, table, rows)
    scatter_add(total, rows, out)


@given(
    B=st.integers(1, 13),
    K=st.integers(1, 11),
    N=st.integers(1, 41),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_products_and_lookups_of_every_shape(B: int, K: int, N: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a, m, out = (
        random.standard_normal(shape).astype(np.float32) for shape in ((B, K), (K, N), (B, N))
    )
    # A frame around the result, since the indices of eight elements at a time aren't checked.
    frame = np.zeros((B + 2, N), np.float32)
    frame[1:-1] = out
    _product(frame[1:-1], a, m)
    np.testing.assert_allclose(frame[1:-1], out + a @ m, atol=1e-4)
    assert not frame[0].any()
    assert not frame[-1].any()

    twice = out.copy()
    _product_of_transposed(twice, np.ascontiguousarray(a.T), m)
    np.testing.assert_array_equal(twice, frame[1:-1])

    rows = random.integers(0, K, B)
    taken, total = np.empty_like(out), np.zeros_like(m)
    _lookup(m, rows, taken, total)
    np.testing.assert_array_equal(taken, m[rows])
    expected = np.zeros_like(m)
    np.add.at(expected, rows, taken)
    np.testing.assert_allclose(total, expected, rtol=1e-6)
