"""A finished run, asked again: at any length and on any split."""

import csv
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from omegaconf import DictConfig
from rich.table import Table

from digitsum import paper
from digitsum.errors import UserError
from digitsum.figures.confusion import READABLE, confusion
from digitsum.figures.style import save
from digitsum.network.classifier import Classifier
from digitsum.runs.build import build_data
from digitsum.runs.checks.sizes import check_sizes
from digitsum.runs.folders import Folder
from digitsum.runs.results import finite
from digitsum.runs.stored import StoredRun, load
from digitsum.runs.table import number
from digitsum.statistics import Summary, summarise
from digitsum.task.data import Batch
from digitsum.task.examples import BLOG_LENGTHS, BlogStream
from digitsum.task.question import Question
from digitsum.writing import write_aside

SHOWN = 12  # rows of a table, where there are too many answers for one


class Asked(NamedTuple):
    """A split as a run's replicas see it, what is asked of it, and a word on where it is from."""

    batch: Batch
    question: Question
    note: str


def examples(run: StoredRun, split: str, length: int | None) -> Asked:
    """A split at a length."""
    config, note = run.config.copy(), ""
    if length is not None and length != config.data.length:
        if config.data.dir is not None:
            raise UserError("data.length: this run brought its own files; their length is fixed")
        blog = config.data.source._target_.endswith(BlogStream.__name__)
        if blog and length not in BLOG_LENGTHS:
            config.data.source._target_ = "digitsum.task.examples.IndependentStreams"
            note = "the blog has no files of this length: drawn anew, each replica its own"
        config.data.length = length
    config.trainer.accelerator = "cpu"  # wherever it was trained
    check_sizes(config, Path(config.data.root))
    data = build_data(config)
    data.setup()
    return Asked(data.splits[split], data.question, note)  # type: ignore[index]


@torch.no_grad()
def predictions(classifier: Classifier, batch: Batch) -> torch.Tensor:
    """The likeliest answer to each example: [R, B]."""
    return classifier(batch.digits).argmax(-1)  # type: ignore[no-any-return]


def counts(predicted: torch.Tensor, labels: torch.Tensor, classes: int) -> np.ndarray[Any, Any]:
    """How often label i was answered by j: [R, C, C]."""
    replicas = len(labels)
    index = torch.arange(replicas)[:, None] * classes**2 + labels * classes + predicted
    flat = torch.bincount(index.flatten(), minlength=replicas * classes**2)
    return flat.view(replicas, classes, classes).numpy()


def _by_label(matrix: np.ndarray[Any, Any]) -> list[Summary]:
    with np.errstate(invalid="ignore"):
        right = np.diagonal(matrix, axis1=1, axis2=2) / matrix.sum(2)
    return [summarise(one) for one in right.T.tolist()]


def evaluate_run(folder: Path, config: DictConfig) -> None:
    """Evaluate a run on `config.split` at `config.data.length`. Raises: UserError."""
    run = load(folder)
    batch, asked, note = examples(run, config.split, config.data.length)
    length = batch.digits.shape[2]
    matrix = counts(predictions(run.classifier, batch), batch.labels, asked.classes)
    accuracies = [
        round(float(right) / batch.labels.shape[1], 6)
        for right in np.trace(matrix, axis1=1, axis2=2)
    ]
    place = folder / "evaluation" / f"{config.split},length={length}"
    by_label = _by_label(matrix)
    overall = summarise(accuracies)
    found = {
        "split": config.split,
        "length": length,
        "trained_at_length": run.config.data.length,
        "accuracies": accuracies,
        "summary": overall._asdict(),
    }
    stems = ["confusion", *(["gates"] if config.figures == "gates" else [])]
    table = f"per_{asked.ask}.csv"
    names = ["evaluation.json", table]
    names += [f"{stem}.{ending}" for stem in stems for ending in ("png", "pdf")]
    Folder(folder, "run").add(f"evaluation/{place.name}/{name}" for name in names)
    write_aside(place / "evaluation.json", (json.dumps(finite(found), indent=2) + "\n").encode())
    write_aside(place / table, _csv(by_label, asked).encode())
    title = (
        f"{run.result['settings']['model']} trained at length {run.config.data.length}, "
        f"{config.split} at length {length}: accuracy {number(overall.mean)}"
    )
    figures = [save(confusion(matrix, title, asked), place / "confusion")]
    if config.figures == "gates":
        from digitsum.figures.gates import gates, sequence_of

        figures.append(save(gates(run.classifier, sequence_of(length)), place / "gates"))
    _show(found, run, _rows(by_label, asked), asked, figures, note)


def _csv(by_label: list[Summary], asked: Question) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((asked.ask, *Summary._fields))
    writer.writerows((label, *one) for label, one in enumerate(by_label))
    return text.getvalue()


def _rows(by_label: list[Summary], asked: Question) -> list[tuple[str, Summary]]:
    """Answers by their names; where there are many, the hardest."""
    named = [(asked.said(label), one) for label, one in enumerate(by_label)]
    if len(named) <= READABLE:
        return named
    known = [pair for pair in named if pair[1].replicas]
    return sorted(known, key=lambda pair: pair[1].mean)[:SHOWN]


def _show(
    found: dict[str, Any],
    run: StoredRun,
    rows: list[tuple[str, Summary]],
    asked: Question,
    figures: list[Path],
    note: str,
) -> None:
    console, guess = paper.paper(), asked.said(asked.commonest)
    overall = found["summary"]
    hardest = f", the {len(rows)} hardest" if asked.classes > READABLE else ""
    table = Table(
        title=f"{found['split']} accuracy by {asked.ask}, length {found['length']}{hardest}"
    )
    for name in (asked.ask, "mean", "95 % interval", "min", "max"):
        table.add_column(name, justify="right")
    for label, one in [*rows, ("all", Summary(**overall))]:
        interval = f"{number(one.low)} - {number(one.high)}"
        table.add_row(label, number(one.mean), interval, number(one.min), number(one.max))
    paper.show(table)
    console.print(f"Accuracy by chance is {asked.chance:.2f} (always answering {guess}).")
    reported = [replica["test_accuracy"] for replica in run.result["replicas"]]
    if found["split"] == "test" and found["length"] == run.config.data.length:
        same = "equals" if reported == found["accuracies"] else "DIFFERS FROM"
        console.print(f"Each replica's accuracy {same} what training reported.")
    if note:
        console.print(note)
    console.print(f"Results  {figures[0].parent}")
    for figure in figures:
        console.print(f"Figure   {figure}")
