"""A finished run, asked again: at any length and on any split."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from rich.table import Table

from digitsum import paper
from digitsum.errors import UserError
from digitsum.figures.confusion import confusion
from digitsum.figures.style import save
from digitsum.network.classifier import Classifier
from digitsum.runs.build import build_data
from digitsum.runs.folders import Folder
from digitsum.runs.results import finite
from digitsum.runs.sizes import check_sizes
from digitsum.runs.stored import StoredRun, load
from digitsum.runs.table import number
from digitsum.statistics import Summary, summarise
from digitsum.task.data import Batch
from digitsum.task.examples import BLOG_LENGTHS, CLASSES, BlogStream
from digitsum.writing import write_aside


def examples(run: StoredRun, split: str, length: int | None) -> tuple[Batch, str]:
    """A split at a length, as the run's replicas would see it, and a word on where it is from."""
    config, note = run.config.copy(), ""
    if length is not None and length != config.data.length:
        if config.data.dir is not None:
            raise UserError("data.length: this run brought its own files; their length is fixed")
        blog = config.data.source._target_.endswith(BlogStream.__name__)
        if blog and length not in BLOG_LENGTHS:
            config.data.source._target_ = "digitsum.task.examples.IndependentStreams"
            note = "the blog has no files of this length: drawn anew, each replica its own"
        config.data.length = length
    check_sizes(config, Path(config.data.root))
    data = build_data(config)
    data.setup()
    return data.splits[split], note  # type: ignore[index]


@torch.no_grad()
def predictions(classifier: Classifier, batch: Batch) -> torch.Tensor:
    """The likeliest sum of each example: [R, B]."""
    return classifier(batch.digits).argmax(-1)  # type: ignore[no-any-return]


def counts(predicted: torch.Tensor, labels: torch.Tensor) -> np.ndarray[Any, Any]:
    """How often sum i was answered by j: [R, C, C]."""
    replicas = len(labels)
    index = torch.arange(replicas)[:, None] * CLASSES**2 + labels * CLASSES + predicted
    flat = torch.bincount(index.flatten(), minlength=replicas * CLASSES**2)
    return flat.view(replicas, CLASSES, CLASSES).numpy()


def _per_sum(matrix: np.ndarray[Any, Any]) -> list[Summary]:
    with np.errstate(invalid="ignore"):
        right = np.diagonal(matrix, axis1=1, axis2=2) / matrix.sum(2)
    return [summarise(right[:, s].tolist()) for s in range(CLASSES)]


def evaluate_run(folder: Path, config: DictConfig) -> None:
    """Evaluate a run on `config.split` at `config.data.length`. Raises: UserError."""
    run = load(folder)
    batch, note = examples(run, config.split, config.data.length)
    length = batch.digits.shape[2]
    matrix = counts(predictions(run.classifier, batch), batch.labels)
    accuracies = [
        round(float(right) / batch.labels.shape[1], 6)
        for right in np.trace(matrix, axis1=1, axis2=2)
    ]
    place = folder / "evaluation" / f"{config.split},length={length}"
    sums = _per_sum(matrix)
    overall = summarise(accuracies)
    found = {
        "split": config.split,
        "length": length,
        "trained_at_length": run.config.data.length,
        "accuracies": accuracies,
        "summary": overall._asdict(),
    }
    stems = ["confusion", *(["gates"] if config.figures == "gates" else [])]
    names = ["evaluation.json", "per_sum.csv"]
    names += [f"{stem}.{ending}" for stem in stems for ending in ("png", "pdf")]
    Folder(folder, "run").add(f"evaluation/{place.name}/{name}" for name in names)
    write_aside(place / "evaluation.json", (json.dumps(finite(found), indent=2) + "\n").encode())
    write_aside(place / "per_sum.csv", _csv(sums).encode())
    title = (
        f"{run.result['settings']['model']} trained at length {run.config.data.length}, "
        f"{config.split} at length {length}: accuracy {number(overall.mean)}"
    )
    figures = [save(confusion(matrix, title), place / "confusion")]
    if config.figures == "gates":
        from digitsum.figures.gates import gates

        figures.append(save(gates(run.classifier), place / "gates"))
    _show(found, run, sums, figures, note)


def _csv(sums: list[Summary]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("sum", *Summary._fields))
    writer.writerows((s, *one) for s, one in enumerate(sums))
    return text.getvalue()


def _show(
    found: dict[str, Any], run: StoredRun, sums: list[Summary], figures: list[Path], note: str
) -> None:
    console = paper.paper()
    overall = found["summary"]
    table = Table(title=f"{found['split']} accuracy by sum, length {found['length']}")
    for name in ("sum", "mean", "95 % interval", "min", "max"):
        table.add_column(name, justify="right")
    for label, one in [*((str(s), one) for s, one in enumerate(sums)), ("all", Summary(**overall))]:
        interval = f"{number(one.low)} - {number(one.high)}"
        table.add_row(label, number(one.mean), interval, number(one.min), number(one.max))
    paper.show(table)
    console.print("Accuracy by chance is 0.10 (always answering 9).")
    reported = [replica["test_accuracy"] for replica in run.result["replicas"]]
    if found["split"] == "test" and found["length"] == run.config.data.length:
        same = "equals" if reported == found["accuracies"] else "DIFFERS FROM"
        console.print(f"Each replica's accuracy {same} what training reported.")
    if note:
        console.print(note)
    console.print(f"Results  {figures[0].parent}")
    for figure in figures:
        console.print(f"Figure   {figure}")
