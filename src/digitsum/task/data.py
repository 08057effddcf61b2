"""DigitSum files as a LightningDataModule: every replica's own data, batches ready to train on."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from digitsum.task.examples import SPLITS, Distractors, Examples, Source, Split
from digitsum.task.files import generated, load_folder, question_in, question_of
from digitsum.task.question import Ask, Question

BEYOND = 2**32  # a pass that no training comes to
PROBED = 10  # copies of each pair that a probe is fitted on, and measured on


class Batch(NamedTuple):
    """`digits` [R, B, T] and `labels` [R, B], both int64."""

    digits: Tensor
    labels: Tensor


class Course(NamedTuple):
    """What one training step of Lightning gets: everything, and the order in which to take it.

    Lightning's own cost per step exceeds that of a small cell's; so a step of its is a pass over
    the training examples, or several.

    Attributes:
        train, dev: the examples.
        batch_size: examples an optimizer step; the last of a pass may have fewer.
        steps: optimizer steps a pass.
        order: a pass's number -> which example comes when [R, N]; None is as they lie.
        draw: a pass's number -> its own examples; None takes `train` in each.
    """

    train: Batch
    dev: Batch
    batch_size: int
    steps: int
    order: Callable[[int], Tensor] | None
    draw: Callable[[int], Batch] | None = None

    def examples(self, number: int) -> Batch:
        """What there is to learn from in one pass, on the device that `train` is on."""
        if self.draw is None:
            return self.train
        return Batch(*(part.to(self.train.digits.device) for part in self.draw(number)))

    def batches(self, number: int) -> list[Batch]:
        """The mini-batches of one pass."""
        digits, labels = self.examples(number)
        if self.order is not None:
            order = self.order(number).to(digits.device)
            digits = digits.gather(1, order.unsqueeze(-1).expand_as(digits))
            labels = labels.gather(1, order)
        size = self.batch_size
        pairs = zip(torch.split(digits, size, 1), torch.split(labels, size, 1), strict=True)
        return [Batch(*pair) for pair in pairs][: self.steps]


def _lines(digits: Tensor) -> list[bytes]:
    """Sequences [N, T] as bytes, which compare at once and take a byte a digit."""
    return [row.tobytes() for row in digits.to(torch.uint8).numpy()]


class DigitSumData(pl.LightningDataModule):
    """Train, dev and test examples of `replicas` independent repetitions.

    Replica i holds the data of seed `seed + i`, unless the source is shared or `dir` is
    given: then all replicas hold the same.

    Args:
        source: what generates missing files.
        length: digits in a sequence, at least 3; with `dir` the files decide.
        batch_size: examples a mini-batch; the last one of an epoch may be smaller.
        shuffle: a new order each epoch, each replica its own, a function of its seed and the
            epoch alone (so that a resumed run goes on with the same order).
        copies: how often each of the 100 pairs appears in train; in dev and test it does once.
        root: the folder in which generated files are kept.
        dir: a folder of files that a person brings; nothing is generated.
        fresh: draw the training examples of every pass anew, `copies` of each pair, each replica
            its own: a function of its seed and the pass alone. `train` is then the first pass.
        distractors: positions behind the first two that hold a digit; `all`, or a number.
        ask: what a sequence's label is: its `sum`, its `first` digit, the `pair` of digits; with
            `dir` alone also `label`, whatever the files say.
        seed: of replica 0.
        replicas: R.

    Raises:
        UserError: from `setup`, for a value or file that isn't as it must be.
    """

    def __init__(
        self,
        source: Source,
        length: int = 10,
        batch_size: int = 8,
        shuffle: bool = False,
        copies: int = 3,
        root: str | Path = "data",
        dir: str | Path | None = None,
        seed: int = 0,
        replicas: int = 1,
        fresh: bool = False,
        distractors: Distractors = 1,
        ask: Ask = "sum",
    ) -> None:
        super().__init__()
        self.source = source
        self.length = length
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.copies: dict[Split, int] = {"train": copies, "dev": 1, "test": 1}
        self.root = Path(root)
        self.directory = None if dir is None else Path(dir)
        self.seed = seed
        self.replicas = replicas
        self.fresh = fresh
        self.distractors = distractors
        self.ask = ask
        self.splits: dict[Split, Batch] = {}
        self._drawn: tuple[int, Batch] | None = None  # the last pass, which two calls may share

    def setup(self, stage: str | None = None) -> None:
        """Generate what is missing, read all splits, stack the replicas."""
        if self.splits:
            return
        for split in SPLITS:
            if split == "train" and self.fresh:
                self.splits[split] = self.draw_pass(0)
                continue
            read = [self.examples(split, self.seed + i) for i in range(self._distinct)]
            digits = torch.from_numpy(np.stack([examples.digits for examples in read]))
            labels = torch.from_numpy(np.stack([examples.labels for examples in read]))
            self.splits[split] = Batch(
                digits.expand(self.replicas, -1, -1).contiguous(),
                labels.expand(self.replicas, -1).contiguous(),
            )

    @property
    def _distinct(self) -> int:
        return 1 if self.directory or self.source.shared else self.replicas

    def examples(self, split: Split, seed: int) -> Examples:
        """One split as one seed's replica sees it."""
        if self.directory is not None:
            return self._brought[split]
        kind = self.length, split, self.copies[split], seed, self.distractors
        return generated(self.root, self.source, *kind, self.question)

    @cached_property
    def question(self) -> Question:
        """What is asked. Raises: UserError, from a person's files."""
        own = self.ask == "label" and self.directory is not None
        return question_in(self._brought) if own else question_of(self.ask, self.directory)

    @cached_property
    def _brought(self) -> dict[Split, Examples]:
        assert self.directory is not None
        return load_folder(self.directory, self.ask)

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches an epoch, after Lightning's `limit_train_batches`."""
        limit = self.trainer.limit_train_batches if self.trainer else 1.0
        count = -(-self.splits["train"].labels.shape[1] // self.batch_size)
        return min(count, limit) if isinstance(limit, int) else count

    def draw_pass(self, number: int) -> Batch:
        """The examples of one pass, where they are fresh: digits [R, N, T]."""
        if self._drawn is None or self._drawn[0] != number:
            self._drawn = number, self._draw(self.copies["train"], number, self._drawn)
        return self._drawn[1]

    def _draw(self, copies: int, number: int, before: tuple[int, Batch] | None = None) -> Batch:
        seeds = range(self.seed, self.seed + self.replicas)
        drawn = self.source.draw_pass(self.length, copies, seeds, number, self.distractors)
        digits = torch.from_numpy(drawn.digits)
        # Pairs come in the same order in each pass, and so do labels.
        return Batch(digits, self.question.labels(digits) if before is None else before[1].labels)

    def for_probes(self) -> tuple[Batch, Batch]:
        """What a probe of the states is fitted on, and others that it is measured on.

        They are drawn for it alone; where files are fixed, they are the training examples, and dev
        and test together.
        """
        if self.directory is None and not self.source.shared:
            return self._draw(PROBED, BEYOND), self._draw(PROBED, BEYOND + 1)
        held_out = zip(self.splits["dev"], self.splits["test"], strict=True)
        return self.splits["train"], Batch(*(torch.cat(pair, 1) for pair in held_out))

    def course(self) -> Course:
        """All that a training needs."""
        return Course(
            self.splits["train"],
            self.splits["dev"],
            min(self.batch_size, self.splits["train"].labels.shape[1]),
            self.steps_per_epoch,
            self._order if self.shuffle else None,
            self.draw_pass if self.fresh else None,
        )

    def _order(self, number: int) -> Tensor:
        examples = self.splits["train"].labels.shape[1]
        streams = [np.random.default_rng([self.seed + i, number]) for i in range(self.replicas)]
        return torch.from_numpy(np.stack([one.permutation(examples) for one in streams]))

    def seen_in_train(self, split: Split) -> list[int | None]:
        """Per replica, how many of a split's sequences also occur in its training examples; nobody
        counts those of all passes, where each has its own.
        """
        if self.fresh:
            return [None] * self.replicas
        counts: list[int | None] = []
        pairs = zip(self.splits[split].digits, self.splits["train"].digits, strict=True)
        for held_out, train in pairs:
            known = set(_lines(train))
            counts.append(sum(one in known for one in _lines(held_out)))
        return counts

    def train_dataloader(self) -> DataLoader[Course]:
        return DataLoader([self.course()], batch_size=None)  # type: ignore[arg-type]

    def val_dataloader(self) -> DataLoader[Batch]:
        return self._whole("dev")

    def test_dataloader(self) -> DataLoader[Batch]:
        return self._whole("test")

    def _whole(self, split: Split) -> DataLoader[Batch]:
        return DataLoader([self.splits[split]], batch_size=None)  # type: ignore[arg-type]
