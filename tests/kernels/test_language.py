"""What a step may do: each function's values over all of float32, its slope, and whole steps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numba import njit
from torch import Generator, Tensor
from torch.nn.functional import softplus

from digitsum.kernels import elementary
from digitsum.kernels.lanes import LANES, load, store
from digitsum.kernels.language import SLOPES
from digitsum.kernels.printed import printed
from digitsum.kernels.symbols import trace
from digitsum.network.cells import SRN, Cell, State
from digitsum.network.initialisation import Initialisation

from ..networks import classifier
from ..training.test_compiled import equal
from .on_lanes import each, padded


def compiled(name: str) -> Any:
    function = getattr(elementary, name)

    @njit
    def called(x: Any) -> Any:
        return function(x)

    return called


def everywhere() -> Any:
    """Floats of every size, as their bits fall; ranges where functions bend; and the odd ones."""
    bits = np.random.default_rng(0).integers(0, 2**32, 400_000, dtype=np.uint64)
    odd = [np.inf, -np.inf, np.nan, 0, -0.0, 1e-45, 1.1754944e-38, 3.4028235e38, 20, 88.72, 88.73]
    parts = [bits.astype(np.uint32).view(np.float32), np.linspace(-110, 95, 400_001)]
    return np.concatenate([*parts, np.linspace(0.4, 2.1, 100_001), odd]).astype(np.float32)


UNARY = {
    "exponential": torch.exp,
    "logarithm": torch.log,
    "root": torch.sqrt,
    "absolute": torch.abs,
    "softplus": softplus,
    "sine": torch.sin,
    "cosine": torch.cos,
    "inverse": torch.reciprocal,
}


@pytest.mark.parametrize("name", UNARY)
def test_values_are_within_two_units_in_the_last_place(name: str) -> None:
    """Or torch's own error, whichever is larger."""
    x = everywhere()
    found = each(compiled(name))(x)
    exact = UNARY[name](torch.from_numpy(x).double()).numpy()
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        theirs = UNARY[name](torch.from_numpy(x)).numpy().astype(np.float64)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        finite = np.isfinite(rounded)
        error = np.abs(found.astype(np.float64) - exact)[finite] / unit[finite]
        allowed = max(2.0, float((np.abs(theirs - exact)[finite] / unit[finite]).max()))
    assert error.max() <= allowed, x[finite][error.argmax()]
    np.testing.assert_array_equal(found[~finite], rounded[~finite])  # infinities, NaN
    doubles = each(compiled(name))(x[:20_000].astype(np.float64))
    wanted = UNARY[name](torch.from_numpy(x[:20_000].astype(np.float64))).numpy()
    np.testing.assert_allclose(doubles, wanted, rtol=1e-9, atol=0)


# One function of all, since each that is compiled alone takes a tenth of a second.
@njit
def _of_several(x: Any, out: Any) -> None:
    for j in range(0, x.shape[1], LANES):
        one = load(x, 0, j)
        store(out, 0, j, elementary.maximum(one, 0.5))
        store(out, 1, j, elementary.minimum(one, 0.5))
        store(out, 2, j, elementary.greater(one, 0.5))
        store(out, 3, j, elementary.at_least(one, 0.5))
        store(out, 4, j, elementary.divide(one, 0.5))
        store(out, 5, j, elementary.clamp(one, -1.0, 0.5))
        store(out, 6, j, elementary.chosen(one, 2.0, 7.0))
        store(out, 7, j, elementary.wins(one, 0.5))
        store(out, 8, j, elementary.within(one, -0.5, 0.5))
        store(out, 9, j, elementary.sign(one))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_takes_two(dtype: Any) -> None:
    x = np.array([-np.inf, -2, -0.5, 0, 0.5, 0.75, 3, np.inf, np.nan], dtype)
    rows = padded(x)
    out = np.empty((10, rows.shape[1]), dtype)
    _of_several(rows, out)
    most, least, more, no_less, by, between, kept, won, inside, sign = out[:, : len(x)]
    ours, theirs = torch.from_numpy(x), torch.tensor(0.5, dtype=torch.from_numpy(x).dtype)
    for found, wanted in (
        (most, torch.maximum(ours, theirs)),
        (least, torch.minimum(ours, theirs)),
        (more, (ours > theirs).to(ours)),
        (no_less, (ours >= theirs).to(ours)),
        (by, ours / theirs),
        (between, ours.clamp(-1, 0.5)),
    ):
        np.testing.assert_array_equal(found, wanted.numpy())
    np.testing.assert_array_equal(kept, np.where(x != 0, 2, 7))  # NaN isn't 0
    assert won[:-1].tolist() == [0, 0, 0, 0, 0.5, 1, 1, 1]
    assert inside[:-1].tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    assert sign[:-1].tolist() == [-1, -1, -1, 0, 1, 1, 1, 1]


class Curved(SRN):
    """Each function of one argument once, and powers."""

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        x = a + h @ self.U
        y = torch.exp(-x.abs()) + torch.log(1.5 + x**2) + torch.sqrt(softplus(x) + 0.1)
        z = torch.sin(x) - torch.cos(2 * x) + torch.relu(x) + 1 / (2 + x.sigmoid()) + (4 + x) ** -2
        return (torch.tanh(y - z) / 3 + 0.25,)


class Choosing(SRN):
    """Comparisons, the larger, the smaller, bounds; a number's tensor; one that stands first."""

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        x = a + h @ self.U
        low = torch.minimum(x, h) + torch.maximum(torch.tensor(0.125), x) + x.clamp(-0.3, 0.4)
        high = x.clamp(min=-0.2) - torch.clamp(x, max=0.5) + 0.5 * torch.where(h > x, x, 2 * h)
        picked = torch.where(x <= 0.1, torch.tanh(low), torch.tensor(0.25) * high)
        return (torch.tanh(picked + torch.where(x < h, h, x) - torch.where(h >= 0.2, x, -x)),)


class Alone(SRN):
    """What depends on weights alone, nested and as plain arithmetic; a number for all units."""

    states = ("b", "U")  # names that a printed loop has itself
    readout = ("U",)
    v: Tensor
    k: Tensor

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        one = [torch.rand(1, self.hidden_size, generator=g) for g in by]
        own = {"v": torch.stack(one), "k": torch.full((len(by), 1, 1), 0.3)}
        return super()._start(by, init) | own

    def step(self, a: Tensor, state: State) -> State:
        h, c = state
        keep = torch.exp(-torch.exp(self.v) * self.k)
        h = keep * h + (1 - keep) * torch.tanh(a + c @ self.U * torch.sigmoid(self.k))
        return h, h - self.v * self.k * c


class Turned(SRN):
    """A matrix, its transpose and both again, of a state and of what is computed."""

    def step(self, a: Tensor, state: State) -> State:
        (h,) = state
        first = torch.tanh(a + h @ self.U.mT - h @ self.U)
        return (0.5 * h + torch.tanh(first @ self.U + (first * h) @ self.U.mT),)


@pytest.mark.parametrize("kind", [Curved, Choosing, Alone, Turned])
def test_whole_steps_equal_autograd(kind: type[Cell], tmp_path: Path) -> None:
    equal(tmp_path, kind=kind)


def test_weights_alone_are_worked_out_once_a_step() -> None:
    source = printed(trace(classifier(Alone, 1).cell)).source
    forward = source[source.index("def forward(") : source.index("def backward(")]
    prepare = source[source.index("def prepare(") : source.index("def forward(")]
    assert prepare.count("exponential(") == 3  # one again on the way back
    assert "exponential(" not in forward
    assert "sigmoid(" not in forward
    assert source.index("    prepare(vectors)\n    for t in") > 0


def test_every_function_has_a_slope_that_autograd_has(tmp_path: Path) -> None:
    used = "".join(printed(trace(classifier(kind, 1).cell)).source for kind in (Curved, Choosing))
    used += printed(trace(classifier(Alone, 1).cell)).source
    missing = [name for name in SLOPES if f"{name}(" not in used and name != "same"]
    assert missing == []


class Summing(SRN):
    def step(self, a: Tensor, state: State) -> State:
        return (torch.cumsum(a + state[0] @ self.U, -1),)


class Halving(SRN):
    def step(self, a: Tensor, state: State) -> State:
        return ((a + state[0] @ self.U) ** 0.5,)


class Foreign(SRN):
    def step(self, a: Tensor, state: State) -> State:
        return (a + state[0] * torch.ones(3, 1, 8),)


class Elementwise(SRN):
    def step(self, a: Tensor, state: State) -> State:
        return (a + state[0] * self.U,)


class Cutting(SRN):
    def step(self, a: Tensor, state: State) -> State:
        first, _ = self.U.mT.chunk(2, -1)
        return (a + state[0] @ first,)


class Squaring(SRN):
    def step(self, a: Tensor, state: State) -> State:
        return (a + state[0] @ torch.ones(1, 8, 8),)


class WeightsAlone(SRN):
    """A product of weights with weights, which isn't worked out for each example."""

    def step(self, a: Tensor, state: State) -> State:
        return (a + state[0] + torch.tanh(self.b) @ self.U,)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Summing, "a step can't use cumsum yet"),
        (Halving, "Halving.step can't be derived: it takes a power 0.5"),
        (Foreign, "it uses a tensor that isn't its own weight"),
        (Elementwise, "it uses the matrix U element by element"),
        (Cutting, "it cuts the transpose of U; transpose what is cut"),
        (Squaring, "it multiplies by a matrix that isn't its own weight"),
        (WeightsAlone, "a product of U with weights alone"),
    ],
)
def test_what_a_step_can_not_do_is_named(kind: type[Cell], words: str) -> None:
    with pytest.raises(TypeError, match=words) as error:
        trace(classifier(kind, 1).cell)
    assert "\n" not in str(error.value)
