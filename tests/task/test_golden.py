"""What both ways to train share: examples, orders, starts. Fixed by hashes, by independence, by
bounds and moments; and what is changed by training, and what isn't.
"""

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from digitsum.network.cells import GRU, SRN
from digitsum.network.embedding import Frozen, Learned, OneHot, Scalar
from digitsum.network.initialisation import (
    Initialisation,
    orthogonal,
    replica_generators,
    stacked,
    uniform,
    xavier,
    zeros,
)
from digitsum.task.examples import SPLITS, IndependentStreams
from digitsum.training.lit import LitDigitSum

from ..networks import data, trainer
from ..training.test_compiled import made

SOURCE = IndependentStreams()


def digest(*arrays: np.ndarray) -> str:
    return hashlib.md5(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)).hexdigest()


def test_no_two_splits_lengths_seeds_or_passes_share_a_stream() -> None:
    """Positions and digits of the distractors, as far as all lengths have them."""
    drawn = {}
    for seed, split in itertools.product((0, 1, 2, 10**6), SPLITS):
        drawn[f"{seed} {split}"] = SOURCE.draw(35, split, 1, seed)
    for seed, number in itertools.product((0, 1, 10**6), (0, 1, 2, 3, 35, 2**32)):
        one = SOURCE.draw_pass(35, 1, [seed], number)
        drawn[f"{seed} pass {number}"] = type(one)(*(part[0] for part in one))
    heads = {digest(one.digits[:, 2:]) for one in drawn.values()}
    assert len(heads) == len(drawn)
    # Independent: of a hundred sequences few hold their distractor at the same place by chance.
    places = {name: (one.digits[:, 2:] != 0).argmax(1) for name, one in drawn.items()}
    shared = [(places[a] == places[b]).mean() for a, b in itertools.combinations(list(places), 2)]
    assert max(shared) < 0.25
    assert np.mean(shared) == pytest.approx(0.9 * 0.9 / 33 + 0.02, abs=0.02)


def orders(folder: Path, seed: int, passes: range) -> list[list[int]]:
    one = data(folder, 1, seed=seed, shuffle=True)
    one.setup()
    order = one.course().order
    assert order is not None
    return [order(number)[0].tolist() for number in passes]


def test_every_epoch_and_replica_has_an_order_of_its_own(tmp_path: Path) -> None:
    known = [tuple(one) for seed in (0, 1) for one in orders(tmp_path, seed, range(20))]
    assert len(set(known)) == 40
    assert all(sorted(one) == list(range(300)) for one in known)
    both = data(tmp_path, 2, shuffle=True)
    both.setup()
    order = both.course().order
    assert order is not None
    assert [tuple(one) for one in order(7).tolist()] == [known[7], known[27]]
    # No position is anybody's favourite.
    first = np.array([one[0] for one in known])
    assert 60 < first.mean() < 240


@pytest.mark.parametrize(
    ("filler", "bound", "spread"),
    [
        (uniform, 1 / 8, 1 / 8 / 3**0.5),
        (xavier, (6 / 96) ** 0.5, (6 / 96 / 3) ** 0.5),
        (orthogonal, 1.0, 1 / 8),
    ],
)
def test_starts_by_bound_and_spread(filler: object, bound: float, spread: float) -> None:
    """Of [32, 64] weights for each of three gates: none beyond, some near, spread as it should."""
    by = replica_generators(0, 4)
    found = stacked(filler, 32, 64, 3, by)  # type: ignore[arg-type]
    assert found.shape == (4, 32, 192)
    assert found.abs().max() <= bound
    if filler is not orthogonal:
        assert found.abs().max() > 0.99 * bound
    assert found.std().item() == pytest.approx(spread, rel=0.02)
    assert abs(found.mean().item()) < spread / 50
    gates = found.chunk(3, -1)
    assert not torch.equal(gates[0], gates[1])
    assert not torch.equal(found[0], found[1])


def test_biases_are_bounded_by_the_hidden_size() -> None:
    by = replica_generators(0, 8)
    cell = GRU(4, 25, by, Initialisation(uniform, uniform, uniform))
    for one in (cell.b, cell.d):
        assert one.abs().max() <= 1 / 5
        assert one.abs().max() > 0.19
    assert (SRN(4, 25, by, Initialisation(xavier, xavier, zeros)).b == 0).all()


GOLDEN = {
    "orders": "0d827576f17db7a4785f9fead083ee71",
    "xavier": "fe183f0e130c6ca0b1c06bc3843281e4",
    "orthogonal": "8f7c35924bb8e571123220bbb86f0957",
    "uniform": "3677a02bfabbe06b655356820a56aead",
    "passes": "911c08553630260af9c24024a5d9fd04",
}


def test_they_are_what_they_always_were(tmp_path: Path) -> None:
    """Hashes of values as every version drew them; starts rounded, since processors may differ."""
    by = {name: replica_generators(5, 3) for name in ("xavier", "orthogonal", "uniform")}
    fillers = {"xavier": xavier, "orthogonal": orthogonal, "uniform": uniform}
    found = {
        name: digest(stacked(filler, 4, 6, 2, by[name]).numpy().round(4).astype(np.float32) + 0)
        for name, filler in fillers.items()
    }
    found["orders"] = digest(np.array(orders(tmp_path, 3, range(4))))
    found["passes"] = digest(*(SOURCE.draw_pass(12, 2, [7, 8], n).digits for n in (0, 1, 499)))
    assert found == GOLDEN


def changed(embedding: type, **kwargs: object) -> tuple[LitDigitSum, dict[str, bool]]:
    network = made(SRN, embedding=embedding)
    before = {name: one.clone() for name, one in network.classifier.state_dict().items()}
    folder = kwargs.pop("folder")
    trainer(max_steps=20).fit(network, data(folder, 2, **kwargs))  # type: ignore[arg-type]
    after = network.classifier.state_dict()
    return network, {name: not torch.equal(after[name], one) for name, one in before.items()}


@pytest.mark.parametrize("embedding", [Frozen, Learned, OneHot, Scalar])
def test_what_is_trained_is_changed_and_nothing_else(embedding: type, tmp_path: Path) -> None:
    _, found = changed(embedding, folder=tmp_path)
    trained = {name for name, other in found.items() if other}
    expected = {"cell.W", "cell.U", "cell.b", "readout.V", "readout.c"}
    assert trained == expected | ({"embedding.table"} if embedding is Learned else set())


def test_one_hot_and_scalar_are_what_they_say() -> None:
    by = replica_generators(0, 2)
    assert OneHot(by).table[1].tolist() == np.eye(10).tolist()
    assert Scalar(by).table[1, :, 0].tolist() == list(range(10))
