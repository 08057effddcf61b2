"""Weights & Biases, offline unless told otherwise."""

from pathlib import Path

from lightning.pytorch.loggers import WandbLogger

from digitsum.training.logbooks.book import Book, Outcome


class WandbBook(Book[WandbLogger]):
    """A run of its own for each of ours, also where one process trains many."""

    def figure(self, name: str, path: Path, step: int) -> None:
        self.logger.log_image(name, [str(path)])

    def conclude(self, outcome: Outcome, step: int) -> None:
        self.logger.log_table("results", columns=outcome.head, data=outcome.rows)
        super().conclude(outcome, step)
        # Lightning leaves it open, and the next run would write into it.
        self.logger.experiment.finish()

    def abandon(self) -> None:
        self.logger.experiment.finish(exit_code=1)

    def browse(self, folder: Path) -> str:
        return f"wandb sync {folder / 'wandb'}/offline-run-*"
