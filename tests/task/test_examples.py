import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitsum.errors import UserError
from digitsum.task.examples import BLOG_LENGTHS, BlogStream, IndependentStreams


def blog_by_the_letter() -> dict[tuple[int, str], list[tuple[list[int], int]]]:
    """The blog's generator, written straight from its description: one stream, all files."""
    stream = np.random.RandomState(0)
    files: dict[tuple[int, str], list[tuple[list[int], int]]] = {}
    for length in (5, 10, 15, 20, 25, 30, 35):
        for split, copies in (("train", 3), ("dev", 1), ("test", 1)):
            examples = []
            for n1 in range(10):
                for n2 in range(10):
                    for _ in range(copies):
                        sequence = [n1, n2] + [0] * (length - 2)
                        position = stream.randint(2, length)
                        sequence[position] = stream.randint(0, 10)
                        examples.append((sequence, n1 + n2))
            files[length, split] = examples
    return files


def test_blog_files_are_the_blogs_each_length_alone() -> None:
    for (length, split), expected in blog_by_the_letter().items():
        drawn = BlogStream().draw(length, split, 3 if split == "train" else 1, seed=99)  # type: ignore[arg-type]
        assert drawn.digits.tolist() == [sequence for sequence, _ in expected]
        assert drawn.labels.tolist() == [label for _, label in expected]
    assert tuple(sorted({length for length, _ in blog_by_the_letter()})) == BLOG_LENGTHS


def test_blog_stream_starts_as_known() -> None:
    # RandomState(0): randint(2, 5) -> 2, randint(0, 10) -> 0; then 2 and 3.
    first = BlogStream().draw(5, "train", 3, 0).digits[:2].tolist()
    stream = np.random.RandomState(0)
    drawn = [(stream.randint(2, 5), stream.randint(0, 10)) for _ in range(2)]
    for row, (position, digit) in zip(first, drawn, strict=True):
        expected = [0] * 5
        expected[position] = digit
        assert row == expected


@given(
    length=st.integers(3, 40),
    split=st.sampled_from(["train", "dev", "test"]),
    copies=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)
def test_every_draw_is_a_digitsum_set(length: int, split: str, copies: int, seed: int) -> None:
    digits, labels = IndependentStreams().draw(length, split, copies, seed)  # type: ignore[arg-type]
    assert digits.shape == (100 * copies, length)
    assert (labels == digits[:, 0] + digits[:, 1]).all()
    pairs = [(a, b) for a in range(10) for b in range(10) for _ in range(copies)]
    assert digits[:, :2].tolist() == [list(pair) for pair in pairs]
    assert ((digits[:, 2:] != 0).sum(1) <= 1).all()
    assert ((digits >= 0) & (digits <= 9)).all()


def test_streams_are_independent_and_reproducible() -> None:
    draw = IndependentStreams().draw
    same = draw(10, "train", 3, 5).digits
    assert (same == draw(10, "train", 3, 5).digits).all()
    assert (same != draw(10, "train", 3, 6).digits).any()
    assert (draw(10, "dev", 1, 5).digits != draw(10, "test", 1, 5).digits).any()


def test_positions_and_digits_are_uniform() -> None:
    digits = IndependentStreams().draw(7, "train", 200, 0).digits[:, 2:]
    share = (digits != 0).mean(0) * 5 / 0.9  # each of five positions, a tenth of the digits 0
    np.testing.assert_allclose(share, 1, atol=0.05)


@pytest.mark.parametrize(
    ("length", "copies", "seed", "words"),
    [(2, 1, 0, "data.length is 2"), (5, 0, 0, "copies is 0"), (5, 1, -1, "seed is -1")],
)
def test_impossible_draws_are_refused(length: int, copies: int, seed: int, words: str) -> None:
    with pytest.raises(UserError, match=words):
        IndependentStreams().draw(length, "dev", copies, seed)


def test_the_blog_has_seven_lengths_and_its_own_copies() -> None:
    with pytest.raises(UserError, match="5, 10, 15, 20, 25, 30, 35"):
        BlogStream().draw(12, "dev", 1, 0)
    with pytest.raises(UserError, match=r"data\.copies is 4"):
        BlogStream().draw(10, "train", 4, 0)
