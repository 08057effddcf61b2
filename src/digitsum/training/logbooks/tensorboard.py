"""TensorBoard: HParams, charts with bands, figures, configuration and table.

HParams: the same tags in every run, or the table's columns go empty; announced before the fit
with NaN, since TensorBoard keeps the first summary of a run and fills in the scalars.
"""

import os
import socket
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image
from tensorboard.compat.proto.summary_pb2 import Summary

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


def add_png(writer: Any, name: str, path: Path, step: int | None = None) -> None:
    """Tell a `SummaryWriter` of a picture as it lies there: `add_image` would encode it anew, which
    takes ten times as long.
    """
    with Image.open(path) as picture:
        width, height = picture.size
        channels = len(picture.getbands())
    shown = Summary.Image(
        height=height,
        width=width,
        colorspace=channels,
        encoded_image_string=path.read_bytes(),
    )
    value = Summary.Value(tag=name, image=shown)
    writer._get_file_writer().add_summary(Summary(value=[value]), step)


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
        add_png(self.logger.experiment, f"figures/{name}", path, step)

    def conclude(self, outcome: Outcome, step: int) -> None:
        self.logger.experiment.add_text("results", outcome.table, step)
        super().conclude(outcome, step)

    def browse(self, folder: Path) -> str:
        return shell.quoted(["tensorboard", "--logdir", str(folder)])
