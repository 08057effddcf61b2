"""Networks trained at one length, asked at others: every run of a sweep, at every length."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

import torch

from digitsum.errors import UserError
from digitsum.figures.style import save
from digitsum.paper import paper
from digitsum.runs.evaluation import examples, predictions
from digitsum.runs.folders import Folder
from digitsum.runs.stored import load
from digitsum.statistics import Summary, summarise
from digitsum.studies.collected import Sweep, collect
from digitsum.studies.figures.asked import asked_at_lengths
from digitsum.studies.jobs import LENGTH, Job
from digitsum.task.examples import Split
from digitsum.writing import write_aside


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
    console = paper()
    console.print(f"{len(answers)} means over replicas; accuracy by chance is {found.by_chance}")
    console.print(f"Table    {folder / f'{stem}.csv'}")
    console.print(f"Figure   {picture}")


@torch.no_grad()
def _ask(job: Job, found: Sweep, split: Split, lengths: list[int]) -> list[Asked]:
    others = [key for key in found.varied if key != LENGTH]
    setting = ", ".join(str(job.settings[key]) for key in others) or str(job.settings["model"])
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


def _csv(answers: list[Asked]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("setting", "trained_at", "asked_at", *Summary._fields))
    writer.writerows((one.setting, one.trained, one.asked, *one.accuracy) for one in answers)
    return text.getvalue()
