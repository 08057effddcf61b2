"""A finished run in a notebook: its numbers, its curves, its networks, and what they answer."""

from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from digitsum.errors import UserError
from digitsum.network.classifier import Classifier
from digitsum.runs.asking import Said, ask
from digitsum.runs.build import question
from digitsum.runs.results import Array, read_arrays
from digitsum.runs.stored import load
from digitsum.runs.table import spread
from digitsum.task.sequences import sequences


class OpenedRun:
    """Read as data alone; nothing in the folder is executed or written.

    Attributes:
        folder: the run's.
        config: as it was resolved.
        results: `results.json`: `settings`, `replicas` (a list, one an experiment), `summary`.
        network: the replicas with the best weights of each, side by side: digits [B, T], the same
            for all, or [R, B, T] -> logits [R, B, C].

    Raises:
        UserError: the folder isn't that of a finished run, or something in it can't be read.
    """

    def __init__(self, folder: Path) -> None:
        stored = load(folder)
        self.folder = folder
        self.config: DictConfig = stored.config
        self.results: dict[str, Any] = stored.result
        self.network: Classifier = stored.classifier

    @cached_property
    def curves(self) -> dict[str, Array]:
        """`step` [points]; `train_loss`, `dev_accuracy` and so on [points, R]."""
        path = self.folder / "curves.npz"
        try:
            return read_arrays(path)
        except UserError as error:
            raise UserError(f"{path} can't be read ({error})") from None

    def ask(self, digits: str) -> Said:
        """What each replica answers to a sequence of any length, typed like `67001`.

        Raises:
            UserError: naming the item that can't be.
        """
        asked = question(self.config)
        (items,) = sequences(digits.replace(",", " "), asked)
        return ask(self.network, items, asked)

    def __repr__(self) -> str:
        settings, tested = self.results["settings"], self.results["summary"]["test_accuracy"]
        return (
            f"{settings['model']}, length {self.config.data.length}, {settings['replicas']} "
            f"replicas: test accuracy {spread(tested)}, by chance {self.results['chance']:.2f}"
        )
