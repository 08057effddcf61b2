"""TensorBoard: HParams, charts with bands, figures, configuration and table.

HParams: the same tags in every run, or the table's columns go empty; announced before the fit
with NaN, since TensorBoard keeps the first summary of a run and fills in the scalars.
"""

import os
import socket
from pathlib import Path

from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.image import imread

from digitsum import shell
from digitsum.training.logbooks.book import Book, Outcome, Run, within
from digitsum.training.scalars import bound, tag

# Charts of TensorBoard's custom scalars: all runs in one, each with its interval as a band.
LAYOUT = {
    "over all runs": {
        f"{split} {measure}": [
            "Margin",
            [tag(name), bound(name, "low"), bound(name, "high")],
        ]
        for measure in ("accuracy", "loss")
        for split in ("dev", "train")
        for name in (f"{split}_{measure}",)
    }
}


def own_events() -> str:
    """What event files of this process are called: time, machine, process, number."""
    return f"events.out.tfevents.*.{socket.gethostname()}.{os.getpid()}.*"


class TensorBoardBook(Book[TensorBoardLogger]):
    """Of HParams it shows what varies: a table of constants says nothing."""

    def files(self, folder: Path) -> list[str]:
        return within(folder, self.logger.log_dir, [own_events(), "hparams.yaml"])

    def announce(self, run: Run) -> None:
        final = {f"final/{name}": float("nan") for name in run.measures}
        # Whole numbers as words, which its table doesn't give four decimals.
        told = {k: str(v) if isinstance(v, int) else v for k, v in run.varied.items()}
        self.logger.log_hyperparams(told, final)
        self.logger.experiment.add_custom_scalars(LAYOUT)
        self.logger.experiment.add_text("config", f"```yaml\n{run.config}```")

    def figure(self, name: str, path: Path, step: int) -> None:
        # A group of its own, behind the curves: a study has as many as it has runs.
        self.logger.experiment.add_image(f"figures/{name}", imread(path), step, dataformats="HWC")

    def conclude(self, outcome: Outcome, step: int) -> None:
        self.logger.experiment.add_text("results", outcome.table, step)
        super().conclude(outcome, step)

    def browse(self, folder: Path) -> str:
        return shell.quoted(["tensorboard", "--logdir", str(folder)])
