"""Weights & Biases, offline unless told otherwise."""

from pathlib import Path
from secrets import token_hex
from threading import Thread

from lightning.pytorch.loggers import WandbLogger

from digitsum import shell
from digitsum.training.logbooks.book import LAST, Book, Outcome, Run, within


class WandbBook(Book[WandbLogger]):
    """A run of its own for each of ours, also where one process trains many."""

    _late = False

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
        self._finish(0)

    def abandon(self) -> None:
        self._finish(1)

    def announce(self, run: Run) -> None:
        """A server that was there a moment ago and now isn't is told later, from the folder."""
        try:
            super().announce(run)
        except Exception:
            if self.logger._offline:
                raise
            self.logger._offline = True
            self.logger._wandb_init["mode"] = "offline"
            super().announce(run)

    def _finish(self, status: int) -> None:
        """What a server hasn't taken after a while stays in the folder, for `wandb sync`."""
        finishing = Thread(
            target=self.logger.experiment.finish, kwargs={"exit_code": status}, daemon=True
        )
        finishing.start()
        finishing.join(None if self.logger._offline else LAST)
        self._late = finishing.is_alive()

    def close(self, folder: Path) -> str:
        return "wandb's server has not taken all of it: wandb sync sends it" if self._late else ""

    def browse(self, folder: Path) -> str:
        return f"wandb sync {shell.quoted([str(folder / 'wandb')])}/offline-run-*"
