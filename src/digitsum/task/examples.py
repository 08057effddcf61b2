"""The DigitSum task: where its examples come from.

An example of length 10, with its label::

    position   0 1 2 3 4 5 6 7 8 9
    digits     6 7 0 0 1 0 0 0 0 0      label 13 = 6 + 7

The first two digits run over all 100 pairs in order, each pair `copies` times. The others are
zero, but for one position drawn from [2, length) that holds a digit drawn from 0..9 (a drawn 0
leaves the zero in place); or several such, `distractors`, up to all. The longer the sequence, the
longer a network must remember.

With three copies a pair there are 300 training examples, and a network may learn them by heart:
then it is wrong on others without having forgotten anything. Drawn anew in each pass (`draw_pass`)
they can't be.

Source: Qiu Xipeng, "Neural Networks and Deep Learning: Practice", chapter on recurrent networks.
"""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar, Literal, NamedTuple, Protocol, get_args

import numpy as np

from digitsum.errors import UserError
from digitsum.task.question import SUM, Int

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
SHORTEST = 3  # two digits to add and one position to overwrite
BLOG_LENGTHS = (5, 10, 15, 20, 25, 30, 35)

Distractors = int | Literal["all"]


class Examples(NamedTuple):
    """Sequences and their labels: `digits` [N, T] of 0..9, `labels` [N], of 0..18 where the sum is
    asked, as it is where nobody says otherwise (`question`).
    """

    digits: Int
    labels: Int


class Source(Protocol):
    """Where generated examples come from. `shared` sources give every seed the same examples."""

    shared: bool

    def draw_pass(
        self,
        length: int,
        copies: int,
        seeds: Sequence[int],
        number: int,
        distractors: Distractors = 1,
    ) -> Examples: ...

    def draw(
        self, length: int, split: Split, copies: int, seed: int, distractors: Distractors = 1
    ) -> Examples: ...


@cache
def _pairs(length: int, copies: int) -> Examples:
    """All 100 pairs in their order, each several times, with zeros behind."""
    pairs = np.repeat(np.arange(100), copies)
    sequences = np.zeros((100 * copies, length), np.int64)
    sequences[:, 0], sequences[:, 1] = pairs // 10, pairs % 10
    return Examples(sequences, SUM.labels(sequences))


def _assembled(length: int, positions: Int, digits: Int) -> Examples:
    """From the positions and the digits of each example's distractors, [N, D] or [R, N, D]."""
    shape = positions.shape[:-1]
    pairs = _pairs(length, shape[-1] // 100)
    sequences = np.empty((*shape, length), np.int64)
    sequences[:] = pairs.digits
    # One index for all: fresh examples are made anew in each pass.
    begin = np.arange(0, sequences.size, length).reshape(*shape, 1)
    sequences.reshape(-1)[begin + positions] = digits
    return Examples(sequences, np.broadcast_to(pairs.labels, shape))


def _several(stream: np.random.Generator, length: int, size: int, count: int) -> tuple[Int, Int]:
    """So many different positions behind the first two, and a digit for each: [N, D]."""
    positions = 2 + stream.random((size, length - 2)).argsort(1)[:, :count]
    return positions, stream.integers(0, 10, size=(size, count))


def distractors_in(length: int, distractors: Distractors) -> int:
    """How many there are in a sequence. Raises: UserError, where they don't fit."""
    count = length - 2 if distractors == "all" else int(distractors)
    if not 1 <= count <= length - 2:
        raise UserError(
            f"data.distractors is {distractors}; with data.length={length} it must be from 1 to "
            f"{length - 2}, or all"
        )
    return count


class IndependentStreams:
    """Each (seed, length, split) has a stream of its own: files don't depend on their order."""

    shared = False

    def draw(
        self, length: int, split: Split, copies: int, seed: int, distractors: Distractors = 1
    ) -> Examples:
        """Draw one split: 100 pairs x `copies`, a pure function of the arguments.

        Raises:
            UserError: `length` below 3, `copies` below 1, a negative `seed`, or more distractors
                than there is room for.
        """
        if length < SHORTEST:
            raise UserError(f"data.length is {length}; it must be at least {SHORTEST}")
        if copies < 1:
            raise UserError(f"data.copies is {copies} for {split}; it must be at least 1")
        if seed < 0:
            raise UserError(f"seed is {seed}; it must be 0 or more")
        stream, count = np.random.default_rng([seed, length, SPLITS.index(split)]), 100 * copies
        if (several := distractors_in(length, distractors)) > 1:
            return _assembled(length, *_several(stream, length, count, several))
        positions = stream.integers(2, length, size=(count, 1))
        return _assembled(length, positions, stream.integers(0, 10, size=(count, 1)))

    def draw_pass(
        self,
        length: int,
        copies: int,
        seeds: Sequence[int],
        number: int,
        distractors: Distractors = 1,
    ) -> Examples:
        """Draw training examples for one pass alone, a replica a seed: [R, N, T] and [R, N].

        Those of a seed are a pure function of it and the other arguments; their stream is no
        split's and no other pass's.
        """
        streams = [np.random.default_rng([seed, length, len(SPLITS), number]) for seed in seeds]
        count = 100 * copies
        if (several := distractors_in(length, distractors)) > 1:
            each = [_several(one, length, count, several) for one in streams]
            return _assembled(length, *map(np.stack, zip(*each, strict=True)))
        # One number for both, since half of the time goes by in calls.
        both = np.stack([one.integers(10 * (length - 2), size=(count, 1)) for one in streams])
        return _assembled(length, 2 + both // 10, both % 10)


class BlogStream:
    """The blog's own files: ONE legacy NumPy stream through all lengths and splits.

    `RandomState(0)`; lengths 5, 10, ..., 35 in that order, train (3 copies) then dev then test
    (1 each); per copy first the position, then the digit. Every replica gets the same files.
    """

    shared = True
    copies: ClassVar[dict[Split, int]] = {"train": 3, "dev": 1, "test": 1}

    def draw(
        self, length: int, split: Split, copies: int, seed: int, distractors: Distractors = 1
    ) -> Examples:
        """Replay the stream from its start up to the wanted files.

        Raises:
            UserError: a length or number of copies that the blog's stream doesn't have, or other
                distractors than its one.
        """
        if distractors != 1:
            raise UserError(f"data.distractors is {distractors}; with data=blog it must be 1")
        if length not in BLOG_LENGTHS:
            allowed = ", ".join(map(str, BLOG_LENGTHS))
            raise UserError(
                f"data.length is {length}; the blog's files have {allowed} "
                "(data=digitsum generates any length)"
            )
        if copies != self.copies[split]:
            raise UserError(
                f"data.copies is {copies} for {split}; the blog's stream fixes it at "
                f"{self.copies[split]} (data=digitsum takes any)"
            )
        stream = np.random.RandomState(0)
        for earlier in BLOG_LENGTHS:
            for name, count in self.copies.items():
                # The two draws alternate, so they can't be made as two arrays.
                drawn = np.array(
                    [
                        (stream.randint(2, earlier), stream.randint(0, 10))
                        for _ in range(100 * count)
                    ]
                )
                if (earlier, name) == (length, split):
                    return _assembled(length, drawn[:, :1], drawn[:, 1:])
        raise AssertionError("unreachable: the length is one of the stream's")

    def draw_pass(
        self,
        length: int,
        copies: int,
        seeds: Sequence[int],
        number: int,
        distractors: Distractors = 1,
    ) -> Examples:
        """Raises: UserError, always: the blog's stream has one set of files."""
        raise UserError("data.fresh is true; with data=blog it must be false (data=digitsum)")
