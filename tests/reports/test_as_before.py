"""All that a report says, file by file and line by line, of invented sweeps.

That numbers are right is worked out by hand elsewhere; here nothing may change unnoticed. What
changes on purpose is written anew by `python -m tests.reports.test_as_before`, and read in the
difference. Pictures are held by the tests of questions and figures.
"""

import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digitsum.reports.report import report

from ..conftest import REPO
from ..drawn import hold, renew
from ..invented import chosen
from ..questions.test_as_before import curves

HERE = Path(__file__).parent / "as_before"
SHOWN = OmegaConf.to_container(OmegaConf.load(REPO / "conf" / "report" / "default.yaml"))
RECORDED = {"arrays": {"curves": curves(0.5, 0.7)}}
MADE = {"command": "python train.py -m lr=0.1,0.2", "commit": "abc1234+", "machine": "a machine"}


def manifest(folder: Path, **changed: Any) -> None:
    path = folder / "sweep.json"
    told = json.loads(path.read_text()) | {"report": SHOWN, "made": MADE} | changed
    path.write_text(json.dumps(told))


def stored(folder: Path, number: int) -> dict[str, Any]:
    return dict(json.loads((folder / f"{number}" / "results.json").read_text()))


def result(folder: Path, number: int, **changed: Any) -> None:
    told = stored(folder, number) | changed
    (folder / f"{number}" / "results.json").write_text(json.dumps(told))


def lengths(folder: Path) -> None:
    """Two cells over three lengths; seconds, versions, chance and what was seen are told."""
    jobs = [
        {"model": model, "data.length": length, "test": test, "dev": test - 0.04} | RECORDED
        for model, tests in (("srn", (0.9, 0.4, 0.2)), ("gru", (0.95, 0.93, 0.9)))
        for length, test in zip((5, 20, 35), tests, strict=True)
    ]
    chosen(folder, jobs)  # type: ignore[arg-type]
    for number in range(len(jobs)):
        replicas = stored(folder, number)["replicas"]
        for one in replicas:
            one |= {"dev_seen_in_train": 3, "test_seen_in_train": 4 + number}
        versions = {"python": "3.12.1", "torch": "2.13.0"}
        result(folder, number, seconds=1.5 * (number + 1), versions=versions, replicas=replicas)
    # What makes an answer in TensorBoard, and what offers MLflow.
    (folder / "0" / "events.out.tfevents.1").touch()
    (folder / "mlflow.db").touch()
    tables = [{"_target_": "digitsum.questions.span.span_table"}]
    shown = SHOWN | {"tables": tables}
    manifest(folder, study="accuracy_vs_length", started=1_700_000_000.0, report=shown)


def troubled(folder: Path) -> None:
    """Learning rates of which one job has failed, one is torn, one missing, and one has replicas
    that diverged or never had an accuracy.
    """
    rates = (0.1, 0.2, 0.3, 0.4, 0.5)
    chosen(folder, [{"lr": lr, "test": lr + 0.1, "dev": 0.7 - lr} | RECORDED for lr in rates])
    (folder / "1" / "results.json").unlink()
    told = {"schema": 1, "status": "failed", "error": "no | room", "settings": {"lr": 0.2}}
    (folder / "1" / "failure.json").write_text(json.dumps(told))
    (folder / "2" / "results.json").write_text("{")
    (folder / "3" / "results.json").unlink()
    replicas = stored(folder, 4)["replicas"]
    replicas[0] |= {"diverged_at": 17, "best_dev_accuracy": None}
    result(folder, 4, replicas=replicas, by_chance="0.20 (always 3)", chance=0.2)
    jobs = [{"folder": f"{i}", "overrides": [f"lr={lr}"]} for i, lr in enumerate(rates)]
    manifest(folder, study=None, fixed=["seed=0", "model=srn"], jobs=jobs)


def torn_arrays(folder: Path) -> None:
    """Of one job the curves can't be read, of another they are missing; all have digits enough to
    distract that they can't be asked at the shortest length.
    """
    jobs = [
        {"data.length": length, "test": 0.7, "dev": dev, "data.distractors": 4} | RECORDED
        for length, dev in ((10, 0.6), (20, 0.5), (30, 0.4), (40, 0.7))
    ]
    chosen(folder, jobs)  # type: ignore[arg-type]
    (folder / "1" / "curves.npz").write_bytes(b"PK torn")
    (folder / "2" / "curves.npz").unlink()
    manifest(folder, study="no study of ours")


def own_files(folder: Path) -> None:
    """Examples of a person's own, which have one length."""
    jobs = [{"lr": lr, "data.dir": "/mine", "test": 0.7, "dev": lr} for lr in (0.1, 0.3)]
    chosen(folder, [job | RECORDED for job in jobs])
    manifest(folder, study=None)


def one_replica(folder: Path) -> None:
    """One job of one replica: no interval, nothing that varies."""
    chosen(folder, [{"seed": 3} | RECORDED])
    whole = stored(folder, 0)
    settings = whole["settings"] | {"replicas": 1}
    result(folder, 0, replicas=whole["replicas"][:1], settings=settings)
    manifest(folder, study=None)


def sought(folder: Path) -> None:
    """A search: trials by their learning rate and clip value, the best on dev the worst on test."""
    jobs = [
        {"lr": lr, "clip.value": clip, "test": 0.9 - dev, "dev": dev} | RECORDED
        for lr, clip, dev in ((0.01234567, 5, 0.3), (0.1, 1, 0.8), (0.5, 20, 0.5))
    ]
    chosen(folder, jobs, started=1_700_000_000.0, trials=4)
    manifest(folder, study="lr_and_clip")


CASES: dict[str, Callable[[Path], None]] = {
    one.__name__: one for one in (lengths, troubled, torn_arrays, own_files, one_replica, sought)
}


def said(case: str, folder: Path) -> Iterator[str]:
    """Whatever `report` writes and prints."""
    CASES[case](folder)
    told = io.StringIO()
    called, wide = patch.object(sys, "argv", ["train.py"]), patch.dict(os.environ, COLUMNS="100")
    with called, wide, redirect_stdout(told):
        report(folder)
    yield "== printed"
    yield from told.getvalue().replace(str(folder), "FOLDER").splitlines()
    for name in ("results.csv", "report.md", "report.html"):
        yield f"== {name}"
        text = (folder / name).read_text(encoding="utf-8").replace(str(folder), "FOLDER")
        text = re.sub(r"<svg.*?</svg>", "SVG", text, flags=re.DOTALL)
        text = re.sub(r"<style.*?</style>", "STYLE", text, flags=re.DOTALL)
        yield from re.sub(r'"data:image[^"]*"', "PICTURE", text).split("\n")
    yield "== files"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    yield from sorted(re.sub(r"tfevents\..*", "tfevents", name) for name in names)
    if (folder / "answer").exists():
        yield "== answer in TensorBoard"
        book = EventAccumulator(str(folder / "answer")).Reload()
        for kind in ("images", "tensors", "scalars"):
            yield f"{kind} {book.Tags()[kind]}"
        for tag in book.Tags()["tensors"]:
            for text in book.Tensors(tag)[0].tensor_proto.string_val:
                yield from text.decode().replace(str(folder), "FOLDER").splitlines()


@pytest.mark.skipif(os.name == "nt", reason="paths are written otherwise")
@pytest.mark.parametrize("case", CASES)
def test_it_is_as_before(case: str, tmp_path: Path) -> None:
    hold(HERE / f"{case}.txt", list(said(case, tmp_path / "sweep")))


if __name__ == "__main__":
    for case in CASES:
        with tempfile.TemporaryDirectory() as place:
            renew(HERE / f"{case}.txt", said(case, Path(place) / "sweep"))
