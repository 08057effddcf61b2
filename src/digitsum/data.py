"""DigitSum files as a LightningDataModule: every replica's own data, batches ready to train on."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from digitsum.files import generated, load_folder
from digitsum.task import SPLITS, Examples, Source, Split


class Batch(NamedTuple):
    """`digits` [R, B, T] and `labels` [R, B], both int64."""

    digits: Tensor
    labels: Tensor


class Epoch(NamedTuple):
    """What one training step of Lightning gets: all mini-batches of an epoch, and the dev set.

    An epoch at a time, because Lightning's own cost per step exceeds that of a small cell's.
    """

    batches: list[Batch]
    dev: Batch


class _Epochs(IterableDataset[Epoch]):
    """One item, the current epoch; a new one each time it is iterated over."""

    def __init__(self, data: "DigitSumData") -> None:
        self.data = data

    def __iter__(self) -> Iterator[Epoch]:
        # Not `current_epoch`: a resumed Trainer fetches its first epoch before it counts it.
        trainer = self.data.trainer
        yield self.data.epoch(trainer.global_step // self.data.steps_per_epoch if trainer else 0)


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
        self.splits: dict[Split, Batch] = {}
        self._ordered: list[Batch] = []

    def setup(self, stage: str | None = None) -> None:
        """Generate what is missing, read all splits, stack the replicas."""
        if self.splits:
            return
        for split in SPLITS:
            read = [self.examples(split, self.seed + i) for i in range(self._distinct)]
            digits = torch.from_numpy(np.stack([examples.digits for examples in read]))
            labels = torch.from_numpy(np.stack([examples.labels for examples in read]))
            self.splits[split] = Batch(
                digits.expand(self.replicas, -1, -1).contiguous(),
                labels.expand(self.replicas, -1).contiguous(),
            )
        self._ordered = self._batches(self.splits["train"])

    @property
    def _distinct(self) -> int:
        return 1 if self.directory or self.source.shared else self.replicas

    def examples(self, split: Split, seed: int) -> Examples:
        """One split as one seed's replica sees it."""
        if self.directory is not None:
            return load_folder(self.directory)[split]
        return generated(self.root, self.source, self.length, split, self.copies[split], seed)

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches an epoch, after Lightning's `limit_train_batches`."""
        limit = self.trainer.limit_train_batches if self.trainer else 1.0
        count = -(-self.splits["train"].labels.shape[1] // self.batch_size)
        return min(count, limit) if isinstance(limit, int) else count

    def epoch(self, number: int) -> Epoch:
        """The mini-batches of epoch `number`, a pure function of it."""
        batches = self._ordered
        if self.shuffle:
            digits, labels = self.splits["train"]
            order = torch.stack([self._order(i, number) for i in range(self.replicas)])
            batches = self._batches(
                Batch(
                    digits.gather(1, order.unsqueeze(-1).expand_as(digits)),
                    labels.gather(1, order),
                )
            )
        return Epoch(batches[: self.steps_per_epoch], self.splits["dev"])

    def _order(self, replica: int, epoch: int) -> Tensor:
        stream = np.random.default_rng([self.seed + replica, epoch])
        return torch.from_numpy(stream.permutation(self.splits["train"].labels.shape[1]))

    def _batches(self, examples: Batch) -> list[Batch]:
        return [
            Batch(digits.contiguous(), labels.contiguous())
            for digits, labels in zip(
                torch.split(examples.digits, self.batch_size, 1),
                torch.split(examples.labels, self.batch_size, 1),
                strict=True,
            )
        ]

    def seen_in_train(self, split: Split) -> list[int]:
        """Per replica, how many of a split's sequences also occur in its training examples."""
        counts = []
        for held_out, train in zip(
            self.splits[split].digits.tolist(), self.splits["train"].digits.tolist(), strict=True
        ):
            known = set(map(tuple, train))
            counts.append(sum(tuple(sequence) in known for sequence in held_out))
        return counts

    def train_dataloader(self) -> DataLoader[Epoch]:
        return DataLoader(_Epochs(self), batch_size=None)

    def val_dataloader(self) -> DataLoader[Batch]:
        return self._whole("dev")

    def test_dataloader(self) -> DataLoader[Batch]:
        return self._whole("test")

    def _whole(self, split: Split) -> DataLoader[Batch]:
        return DataLoader([self.splits[split]], batch_size=None)  # type: ignore[arg-type]
