"""Weights & Biases, offline unless told otherwise."""

from pathlib import Path
from secrets import token_hex

from lightning.pytorch.loggers import WandbLogger

from digitsum.training.logbooks.book import Book, Outcome, within


class WandbBook(Book[WandbLogger]):
    """A run of its own for each of ours, also where one process trains many."""

    def files(self, folder: Path) -> list[str]:
        # Named beforehand, so that what it makes can be told from what it doesn't.
        key = self.logger._wandb_init["id"] = self.logger._wandb_init.get("id") or token_hex(4)
        runs = [f"offline-run-*-{key}/", f"run-*-{key}/"]
        links = ["latest-run", "debug.log", "debug-internal.log"]
        return within(folder, Path(self.logger.save_dir or folder) / "wandb", [*runs, *links])

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
