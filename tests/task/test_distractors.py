"""Distractors: how many, where, and that one is what it always was."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from digitsum.errors import UserError
from digitsum.task.examples import SPLITS, BlogStream, IndependentStreams
from digitsum.task.fileformat import encode
from digitsum.task.files import generated_path

from ..forks import Forks
from ..networks import data

SOURCE = IndependentStreams()
# MD5 of files as the version before drew them: (length, split, copies, seed).
GOLDEN = {
    (3, "train", 1, 0): "046a5fcf974d9ddb896114c0bcbd1849",
    (5, "dev", 1, 0): "2216cd2d69ae7ee38eca3e85089aec0d",
    (10, "train", 3, 0): "105fc1d2aed11c8d800e1ae7dc08acaa",
    (10, "test", 1, 7): "a725dbd2049f6c337d6528a28ffdbd6c",
    (35, "train", 3, 123): "a7bcdb04f5b4a2bbe5694b8bc90cc8ac",
    (280, "dev", 2, 4611): "1ab791d1c6580936371072a7334f9adb",
}


@pytest.mark.parametrize("key", GOLDEN, ids=str)
def test_one_is_byte_for_byte_what_it_was(key: tuple[int, str, int, int]) -> None:
    for drawn in (SOURCE.draw(*key), SOURCE.draw(*key, 1)):  # type: ignore[arg-type]
        assert hashlib.md5(encode(drawn)).hexdigest() == GOLDEN[key]


@given(st.integers(4, 30), st.integers(0, 10**6), st.sampled_from(SPLITS), st.data())
def test_so_many_positions_hold_a_digit(
    length: int, seed: int, split: str, pick: st.DataObject
) -> None:
    count = pick.draw(st.integers(2, length - 2) | st.just("all"))
    digits, labels = SOURCE.draw(length, split, 2, seed, count)  # type: ignore[arg-type]
    assert digits.shape == (200, length)
    assert (labels == digits[:, 0] + digits[:, 1]).all()
    most = length - 2 if count == "all" else count
    held = (digits[:, 2:] != 0).sum(1)
    assert held.max() <= most
    # A tenth of the digits are zeros; the others stand at positions that differ.
    assert abs(held.mean() - 0.9 * most) < 0.35 * np.sqrt(most)
    fresh = SOURCE.draw_pass(length, 2, [seed, seed + 1], 3, count)
    assert ((fresh.digits[..., 2:] != 0).sum(-1) <= most).all()
    assert (fresh.digits[0] != fresh.digits[1]).any()


def test_all_positions_are_used_alike() -> None:
    digits = SOURCE.draw(9, "train", 100, 0, 3).digits[:, 2:]
    np.testing.assert_allclose((digits != 0).mean(0), 0.9 * 3 / 7, atol=0.02)


def test_all_digits_are_drawn_alike() -> None:
    """Of 84,000 each of the ten is a tenth, within five standard deviations; and there are no
    others.
    """
    files = SOURCE.draw(30, "train", 30, 0, "all").digits[:, 2:]
    passes = SOURCE.draw_pass(30, 30, [7], 0, "all").digits[0][:, 2:]
    for digits in (files, passes):
        counts = np.bincount(digits.ravel())
        assert len(counts) == 10
        np.testing.assert_allclose(counts / digits.size, 0.1, atol=0.0052)


def test_files_of_other_counts_lie_apart(tmp_path: Path) -> None:
    paths = [generated_path(tmp_path, SOURCE, 9, "dev", 1, 0, count) for count in (1, 2, "all")]  # type: ignore[arg-type]
    assert len(set(paths)) == 3
    assert "distractors" not in str(paths[0])
    made = [data(tmp_path, 1, length=9, distractors=count) for count in (1, 2, "all")]
    for one in made:
        one.setup()
    held = [(one.splits["train"].digits[..., 2:] != 0).sum(-1).double().mean() for one in made]
    assert held[0] < held[1] < held[2]


@pytest.mark.parametrize("count", [0, -1, 9, 100])
def test_what_does_not_fit_is_refused(count: int) -> None:
    with pytest.raises(UserError, match="from 1 to 8, or all"):
        SOURCE.draw(10, "dev", 1, 0, count)
    with pytest.raises(UserError, match="must be 1"):
        BlogStream().draw(10, "dev", 1, 0, 2)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("data.distractors=9 data.length=10", "from 1 to 8"),
        ("data.distractors=0", "at least 1"),
        ("data.distractors=many", "or all"),
        ("data.distractors=2 data=blog", "with data=blog it must be 1"),
    ],
)
def test_mistakes_are_one_line(typed: str, words: str, tmp_path: Path, forks: Forks) -> None:
    ended = forks.run([*typed.split(" "), "hydra.run.dir=run"], tmp_path)
    assert ended.status == 1
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_it_trains_and_is_asked_again(tmp_path: Path, forks: Forks) -> None:
    words = ["data.distractors=all", "data.fresh=true", "trainer.max_epochs=2", "data.length=6"]
    assert forks.run([*words, "hydra.run.dir=run"], tmp_path).status == 0
    asked = forks.run(["run=run"], tmp_path, "evaluate.py")
    assert "equals what training reported" in asked.out, asked.err


@pytest.mark.parametrize(("distractors", "most"), [(1, 1), (4, 4), ("all", 10)])
def test_fresh_examples_have_them_in_every_pass(
    distractors: int | str, most: int, tmp_path: Path
) -> None:
    made = data(tmp_path, 2, fresh=True, length=12, distractors=distractors)
    made.setup()
    for number in (0, 3):
        held = (made.draw_pass(number).digits[..., 2:] != 0).sum(-1)
        assert held.max() <= most
        assert held.double().mean() == pytest.approx(0.9 * most, abs=0.3)
    assert (made.splits["dev"].digits[..., 2:] != 0).sum(-1).max() <= most
    draw = made.course().draw
    assert draw is not None
    assert torch.equal(draw(3).digits, made.draw_pass(3).digits)
