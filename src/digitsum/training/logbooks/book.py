"""What every logger is told, in the terms of a logger that has scalars and nothing more."""

from collections.abc import Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from lightning.pytorch.loggers import Logger

L = TypeVar("L", bound=Logger)
LAST = 10.0  # seconds that a run waits for somebody else's machine once it is done
Scalar = str | float | int | bool


class Run(NamedTuple):
    """What a run is.

    Args:
        settings: flat and in plain scalars.
        varied: those that vary over the runs of its sweep; of a run of its own, all.
        measures: names of what will have come out.
        config: the resolved configuration, YAML.
    """

    settings: dict[str, Scalar]
    varied: dict[str, Scalar]
    measures: Sequence[str]
    config: str


class Outcome(NamedTuple):
    """What came out: means over replicas, and the final table in Markdown and as cells."""

    means: dict[str, float]
    table: str
    head: list[str]
    rows: list[list[str | float | None]]


def within(folder: Path, place: str | Path, names: Sequence[str]) -> list[str]:
    """Names in a logger's own place, relative to the run's folder."""
    inner = Path(place).resolve().relative_to(folder.resolve())
    return [(inner / name).as_posix() + "/" * name.endswith("/") for name in names]


class Book(Generic[L]):
    """Tells one logger."""

    def __init__(self, logger: L) -> None:
        self.logger = logger

    def announce(self, run: Run) -> None:
        """Before the fit."""
        self.logger.log_hyperparams(run.settings)

    def figure(self, name: str, path: Path, step: int) -> None:
        """A saved PNG: drawing it a second time takes longer."""

    def conclude(self, outcome: Outcome, step: int) -> None:
        """After the test; the logger is done with."""
        self.logger.log_metrics({f"final/{tag}": mean for tag, mean in outcome.means.items()}, step)
        self.logger.finalize("success")

    def abandon(self) -> None:
        """The run failed."""
        self.logger.finalize("failed")

    def close(self, folder: Path) -> str:
        """After all else; -> a line on what couldn't be told, empty where all was."""
        return ""

    def files(self, folder: Path) -> list[str]:
        """Names, relative to the run's folder, of what the logger writes there; `*` stands for what
        isn't known beforehand, a `/` at the end for all that is in a folder.
        """
        return []

    def browse(self, folder: Path) -> str:
        """The command that shows what was told; empty where there is none."""
        return ""
