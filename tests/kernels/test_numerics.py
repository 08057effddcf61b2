"""What the kernels are made of: products, look-ups, activations; against NumPy and torch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from digitsum.kernels import numerics
from digitsum.kernels.lanes import LANES, load, store, turned
from digitsum.kernels.lookup import add_to_rows, look_up
from digitsum.kernels.product import ROWS, add_product
from digitsum.kernels.subnormal import X86, flush, restore
from digitsum.network.cells import SRN
from digitsum.task.question import SUM

from ..training.test_compiled import made, trained
from .on_lanes import each


@njit
def _product(out: Any, a: Any, m: Any) -> None:
    add_product(out, a, m)


@njit
def _product_of_transposed(out: Any, a: Any, m: Any) -> None:
    add_product(out, a.T, m)


@njit
def _lookup(table: Any, rows: Any, out: Any, total: Any) -> None:
    look_up(out, table, LANES, rows)
    add_to_rows(total, LANES, rows, out)


@given(B=st.integers(1, 4), K=st.integers(1, 11), N=st.integers(1, 7), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_products_and_lookups_of_every_padded_shape(B: int, K: int, N: int, seed: int) -> None:
    B, N = B * ROWS, N * LANES
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
    table = np.concatenate([np.zeros((K, LANES), np.float32), m], axis=1)
    taken, total = np.empty_like(out), np.zeros_like(table)
    _lookup(table, rows, taken, total)
    np.testing.assert_array_equal(taken, m[rows])
    expected = np.zeros_like(m)
    np.add.at(expected, rows, taken)
    np.testing.assert_allclose(total[:, LANES:], expected, rtol=1e-6)


@njit
def _turned(m: Any, out: Any) -> None:
    upper = load(m, 0, 0), load(m, 1, 0), load(m, 2, 0), load(m, 3, 0)
    lower = load(m, 4, 0), load(m, 5, 0), load(m, 6, 0), load(m, 7, 0)
    columns = turned(upper + lower)
    store(out, 0, 0, columns[0])
    store(out, 1, 0, columns[7])


def test_columns_of_a_square() -> None:
    m, out = np.arange(64, dtype=np.float32).reshape(8, 8), np.zeros((2, 8), np.float32)
    _turned(m, out)
    np.testing.assert_array_equal(out, m.T[[0, 7]])


@njit
def _tanh(x: Any) -> Any:
    return numerics.tanh(x)


@njit
def _sigmoid(x: Any) -> Any:
    return numerics.sigmoid(x)


@njit
def _exp(x: Any) -> Any:
    return numerics.exp(x)


@njit
def _relu(x: Any) -> Any:
    return numerics.relu(x)


@njit
def _positive(x: Any) -> Any:
    return numerics.positive(x)


PAIRS = [(_tanh, torch.tanh), (_sigmoid, torch.sigmoid), (_relu, torch.relu)]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations(ours: Any, theirs: Any, dtype: Any) -> None:
    x = np.linspace(-20, 20, 200_001, dtype=dtype)
    exact = theirs(torch.from_numpy(x).double()).numpy()
    assert np.abs(each(ours)(x) - exact).max() <= (1e-7 if dtype == np.float32 else 1e-15)
    extremes = np.array([np.inf, -np.inf, np.nan, 0], dtype)
    np.testing.assert_allclose(
        each(ours)(extremes), theirs(torch.from_numpy(extremes)).numpy(), atol=5e-7
    )


def test_small_arguments_keep_their_digits() -> None:
    x = np.geomspace(1e-30, 0.3, 10_000).astype(np.float32)
    for sign in (1, -1):
        np.testing.assert_allclose(
            each(_tanh)(sign * x), np.tanh(sign * x.astype(np.float64)), rtol=3e-7
        )


def test_exponentials_below_zero() -> None:
    x = np.linspace(-120, 0, 10_001, dtype=np.float32)
    np.testing.assert_allclose(each(_exp)(x), np.exp(x.astype(np.float64)), rtol=3e-7, atol=1e-37)


def test_the_slope_of_relu() -> None:
    x = np.array([-np.inf, -1, -0.0, 0, 1e-30, 2, np.inf, np.nan], np.float32)
    assert each(_positive)(x).tolist() == [0, 0, 0, 0, 1, 1, 1, 0]


def test_gradients_die_exactly_where_tanh_is_one() -> None:
    x = np.linspace(8, 12, 100_001, dtype=np.float32)
    found = each(_tanh)(x)
    assert (found[x > 9.2] == 1).all()
    assert (found <= 1).all()
    exact = np.tanh(x.astype(np.float64)).astype(np.float32)
    assert (found == exact).mean() > 0.999


@njit
def _begin() -> Any:
    return flush()


@njit
def _end(before: Any) -> None:
    restore(before)


@pytest.mark.skipif(not X86, reason="the processor is left as it is")
def test_what_is_too_small_is_zero_until_it_is_restored() -> None:
    tiny, least = np.full(8, 1e-30, np.float32), np.full(8, 1e-10, np.float32)
    before = _begin()
    product, taken = tiny * least, np.full(8, 1e-40, np.float32) * np.float32(1e10)
    _end(before)
    assert not product.any()
    assert not taken.any()
    assert (tiny * least).all()


@pytest.mark.skipif(not X86, reason="the processor is left as it is")
def test_so_it_is_in_a_training_and_not_after_it(tmp_path: Path) -> None:
    """From weights of 0 and a readout of some 1e-20: squares of the gradients are too small."""
    moments = {}
    for way in ("fast", "reference"):
        module = made(SRN, recurrence=way, dtype=torch.float32)  # type: ignore[arg-type]
        for parameter in module.classifier.parameters():
            parameter.data.zero_()
        module.classifier.readout.V.data += 1e-20 * torch.arange(SUM.classes)
        trained(module, tmp_path, steps=1)
        optimizer: Any = module.optimizers(use_pl_optimizer=False)
        moments[way] = optimizer.state[module.classifier.cell.b]["exp_avg_sq"]
    assert 0 < float(moments["reference"].abs().max()) < 1e-38
    assert not moments["fast"].any()
    assert np.float32(1e-30) * np.float32(1e-10) > 0
