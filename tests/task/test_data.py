"""Which examples a data module hands out: of whose seeds, and what a probe is given."""

from pathlib import Path

import pytest
import torch

from digitsum.task.data import Batch, DigitSumData
from digitsum.task.examples import BlogStream, IndependentStreams

from ..networks import data

SOURCE = IndependentStreams()


def test_replicas_have_the_seeds_from_the_runs_own_on(tmp_path: Path) -> None:
    own = data(tmp_path, 2, seed=5, length=7, fresh=True)
    own.setup()
    for number in (0, 3):
        drawn = SOURCE.draw_pass(7, own.copies["train"], [5, 6], number)
        assert torch.equal(own.draw_pass(number).digits, torch.from_numpy(drawn.digits))
        assert own.draw_pass(number).labels.tolist() == drawn.labels.tolist()
    for split in ("dev", "test"):
        for i, seed in enumerate((5, 6)):
            one = SOURCE.draw(7, split, own.copies[split], seed)  # type: ignore[index, arg-type]
            assert own.splits[split].digits[i].tolist() == one.digits.tolist()  # type: ignore[index]


def test_a_probe_has_examples_of_its_own(tmp_path: Path) -> None:
    own = data(tmp_path, 2, seed=5, length=30)
    own.setup()
    fitted, measured = own.for_probes()
    assert fitted.digits.shape == measured.digits.shape
    rows = [
        {tuple(row) for row in batch.digits[0].tolist()}
        for batch in (fitted, measured, *own.splits.values())
    ]
    # Drawn from a thousand thousands of sequences, few are the same by chance.
    for i, one in enumerate(rows):
        for other in rows[i + 1 :]:
            assert len(one & other) < 0.3 * min(len(one), len(other))


def test_where_files_are_fixed_it_has_dev_and_test_together(tmp_path: Path) -> None:
    blogs = DigitSumData(BlogStream(), root=tmp_path, replicas=2, seed=0, length=10, batch_size=8)
    blogs.setup()
    fitted, measured = blogs.for_probes()
    assert fitted is blogs.splits["train"]
    both = [blogs.splits[split] for split in ("dev", "test")]
    for part in ("digits", "labels"):
        wanted = torch.cat([getattr(one, part) for one in both], 1)
        assert torch.equal(getattr(measured, part), wanted)


@pytest.mark.parametrize("seed", [0, 7])
def test_each_replica_and_pass_has_an_order_of_its_own(seed: int, tmp_path: Path) -> None:
    own = data(tmp_path, 3, seed=seed, length=5, shuffle=True)
    own.setup()
    order = own.course().order
    assert order is not None
    first, second = order(0), order(1)
    count = own.splits["train"].labels.shape[1]
    for passes in (first, second):
        assert passes.shape == (3, count)
        assert (passes.sort(1).values == torch.arange(count)).all()
    seen = {tuple(row.tolist()) for passes in (first, second) for row in passes}
    assert len(seen) == 6
    # Replica 1 has that of a run whose seed is one more.
    other = data(tmp_path, 1, seed=seed + 1, length=5, shuffle=True)
    other.setup()
    assert torch.equal(other.course().order(1)[0], second[1])  # type: ignore[misc]


def test_sequences_that_occur_in_train_are_counted_replica_by_replica(tmp_path: Path) -> None:
    """By hand: of replica 0 the last two, of replica 1 none."""
    own = data(tmp_path, 2, length=3)
    train = torch.tensor([[[1, 2, 0], [1, 2, 0], [4, 5, 6]], [[1, 2, 9], [0, 0, 0], [4, 5, 6]]])
    test = torch.tensor([[[1, 2, 3], [1, 2, 0], [1, 2, 0]], [[1, 2, 0], [0, 0, 1], [6, 5, 4]]])
    labels = torch.zeros(2, 3, dtype=torch.int64)
    own.splits = {"train": Batch(train, labels), "dev": Batch(train, labels)}
    own.splits["test"] = Batch(test, labels)
    assert own.seen_in_train("test") == [2, 0]
    assert own.seen_in_train("dev") == [3, 3]
    assert data(tmp_path, 2, length=5, fresh=True).seen_in_train("test") == [None, None]
