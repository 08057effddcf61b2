"""Networks trained at one length, asked at others: every run of a sweep, at every length."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from rich.table import Table

from digitsum.errors import UserError
from digitsum.figures.style import figure, save, styled
from digitsum.paper import paper, show
from digitsum.runs.evaluation import examples, predictions
from digitsum.runs.folders import Folder
from digitsum.runs.stored import load
from digitsum.statistics import Summary, summarise
from digitsum.sweeps.collected import Sweep, collect
from digitsum.sweeps.jobs import LENGTH, Job, told
from digitsum.task.examples import Split
from digitsum.writing import write_aside

COLUMNS = 4


class Asked(NamedTuple):
    """What networks of one setting, trained at one length, answer at another."""

    setting: str
    trained: int
    asked: int
    accuracy: Summary


def ask(folder: Path, split: Split, lengths: list[int]) -> None:
    """Write `asked.csv` and a heat map, trained length x asked length, for each setting.

    Args:
        folder: a sweep's.
        split: on which its runs are asked.
        lengths: at which.

    Raises:
        UserError: the folder isn't a sweep's, or a run in it can't be read.
    """
    found = collect(folder)
    if not found.complete:
        raise UserError(f"{folder}: no job is complete yet")
    answers: list[Asked] = []
    for job in found.complete:
        try:
            answers += _ask(job, found, split, lengths)
        except UserError as error:
            print(f"left out: {error}")
    if not answers:
        raise UserError(f"{folder}: no job of it can be asked")
    stem = f"asked_{split}"
    Folder(folder, "sweep").add(f"{stem}.{ending}" for ending in ("csv", "png", "pdf"))
    write_aside(folder / f"{stem}.csv", _csv(answers).encode())
    cells = {(one.setting, one.trained, one.asked): one.accuracy.mean for one in answers}
    picture = save(asked_at_lengths(cells, split, found.by_chance), folder / stem)
    for setting in dict.fromkeys(one.setting for one in answers):
        show(_table([one for one in answers if one.setting == setting], setting, split))
    console = paper()
    console.print(f"{len(answers)} means over replicas; accuracy by chance is {found.by_chance}")
    console.print(f"Table    {folder / f'{stem}.csv'}")
    console.print(f"Figure   {picture}")


@torch.no_grad()
def _ask(job: Job, found: Sweep, split: Split, lengths: list[int]) -> list[Asked]:
    others = [key for key in found.varied if key != LENGTH]
    setting = ", ".join(told(key, job.settings[key]) for key in others) or str(
        job.settings["model"]
    )
    runs = [load(shard.folder) for shard in job.shards or (job,)]
    made = []
    for length in lengths:
        accuracies: list[float] = []
        for run in runs:
            batch = examples(run, split, length).batch
            right = predictions(run.classifier, batch) == batch.labels
            accuracies += right.double().mean(1).tolist()
        made.append(Asked(setting, int(job.settings[LENGTH]), length, summarise(accuracies)))
    return made


def _table(answers: list[Asked], setting: str, split: str) -> Table:
    """Trained length down, asked length across: of one setting."""
    asked = sorted({one.asked for one in answers})
    table = Table("trained at", title=f"{setting}: {split} accuracy, asked at length")
    for length in asked:
        table.add_column(str(length), justify="right")
    means = {(one.trained, one.asked): one.accuracy for one in answers}
    for trained in sorted({one.trained for one in answers}):
        cells = [str(means[trained, one]) if (trained, one) in means else "-" for one in asked]
        table.add_row(str(trained), *cells)
    return table


def _csv(answers: list[Asked]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("setting", "trained_at", "asked_at", *Summary._fields))
    writer.writerows((one.setting, one.trained, one.asked, *one.accuracy) for one in answers)
    return text.getvalue()


def asked_at_lengths(
    cells: dict[tuple[str, int, int], float], split: str, by_chance: str
) -> Figure:
    """From means by (setting, trained length, asked length)."""
    settings = list(dict.fromkeys(setting for setting, _, _ in cells))
    trained = sorted({length for _, length, _ in cells})
    asked = sorted({length for _, _, length in cells})
    columns = min(COLUMNS, len(settings))
    rows = -(-len(settings) // columns)
    with styled():
        width, height = 0.9 + 0.42 * len(asked), 0.8 + 0.4 * len(trained)
        made = figure(1.2 + columns * width, 1 + rows * height)
        grid = made.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for axes, setting in zip(grid, settings, strict=False):
            shown = np.array([[cells.get((setting, t, a), np.nan) for a in asked] for t in trained])
            image = axes.imshow(shown, "cividis", aspect="auto", vmin=0, vmax=1, origin="lower")
            axes.grid(visible=False)
            axes.set_title(setting, fontsize=9)
            axes.set_xticks(range(len(asked)), [str(a) for a in asked])
            axes.set_yticks(range(len(trained)), [str(t) for t in trained])
            for (y, x), value in np.ndenumerate(shown):
                if np.isfinite(value):
                    colour = "black" if value > 0.55 else "white"
                    text = f"{value:.2f}"
                    axes.text(x, y, text, ha="center", va="center", fontsize=6.5, color=colour)
        for axes in grid[len(settings) :]:
            axes.set_visible(False)
        made.supxlabel("asked at length", fontsize=9)
        made.supylabel("trained at length", fontsize=9)
        title = f"{split} accuracy, mean over replicas (intervals: CSV); by chance {by_chance}"
        made.suptitle(title, fontsize=9)
        made.colorbar(image, ax=list(grid[: len(settings)]), label="accuracy")
    return made
