"""What goes wrong where many people share machines: one line, what was complete stays, go on."""

import json
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from ..conftest import REPO, Begin, Command, until

pytestmark = pytest.mark.faults
FAULTY = str(REPO / "tests" / "runs" / "faulty.py")
TRAIN = str(REPO / "train.py")
SHORT = ("trainer.max_steps=20", "evaluate_every=10")
LONG = ("model=srn_residual", "trainer.max_epochs=200", "callbacks.checkpoints.seconds=0")


def status(folder: Path) -> str:
    """Of the last try: a failure stands beside a complete result."""
    name = "failure.json" if (folder / "failure.json").exists() else "results.json"
    return str(json.loads((folder / name).read_text())["status"])


def last(errors: str) -> str:
    assert "Traceback" not in errors, errors
    return errors.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("fault", "words"), [("eio", "Input/output error"), ("estale", "Stale file handle")]
)
def test_a_network_drive_that_fails_is_named(
    fault: str, words: str, command: Command, tmp_path: Path
) -> None:
    run = (*SHORT, "callbacks.checkpoints.seconds=0", "hydra.run.dir=run")
    assert command("train.py", *SHORT, "hydra.run.dir=other").returncode == 0  # has the files
    done = command(FAULTY, fault, TRAIN, *run)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.endswith(f": {words}\n")
    assert str(tmp_path / "run") in done.stderr
    assert not (tmp_path / "run" / "results.json").exists()
    again = command("train.py", *run, "resume=true")
    assert again.returncode == 0, again.stderr
    assert status(tmp_path / "run") == "complete"


def test_without_memory_for_one_job_the_others_are_done(command: Command, tmp_path: Path) -> None:
    sweep = ("-m", "data.length=5,6", "replicas=2", *SHORT, "hydra.sweep.dir=sweep")
    one = ("-m", "data.length=7", "replicas=1", *SHORT, "hydra.sweep.dir=sweep")
    assert command("train.py", *one).returncode == 0
    done = command(FAULTY, "memory", TRAIN, *sweep)
    assert done.returncode == 1
    assert last(done.stderr).startswith("error: out of memory; fewer replicas at once")
    jobs = [one for name in ("results", "failure") for one in tmp_path.rglob(f"{name}.json")]
    states = {path.parent.name[:13]: status(path.parent) for path in jobs}
    assert states["data.length=5"] == states["data.length=6"] == "failed"
    assert states["job"] == "complete"  # of the sweep before, in which nothing varied
    again = command("train.py", *sweep)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 jobs complete" in again.stdout


def test_a_clock_that_is_set_back_ends_nothing(command: Command) -> None:
    sweep = ("-m", "lr=0.1,0.2,0.3", *SHORT, "hydra.sweep.dir=sweep")
    done = command(FAULTY, "clock", TRAIN, *sweep)
    assert done.returncode == 0, done.stderr
    assert "3 of 3 jobs complete" in done.stdout
    assert "about -" not in done.stdout


def test_sweeps_in_nested_folders_do_not_disturb_each_other(begun: Begin) -> None:
    runs = [
        begun("-m", "lr=0.1,0.2", *SHORT, f"hydra.sweep.dir={folder}")
        for folder in ("sweep", "sweep/inner")
    ]
    for run in runs:
        output, errors = run.communicate(timeout=240)
        assert run.returncode == 0, errors
        assert "2 of 2 jobs complete" in output


def test_a_killed_worker_costs_its_job_alone(tmp_path: Path, begun: Begin) -> None:
    words = ("-m", "seed=0,1,2", *LONG, "hydra.sweep.dir=sweep", "hydra/launcher=cores")
    run = begun(*words)
    until(run, lambda: list(tmp_path.rglob("checkpoint.ckpt")))
    children = psutil.Process(run.pid).children(recursive=True)
    said = [(child, " ".join(child.cmdline())) for child in children]
    next(one for one, words in said if "loky" in words and "resource_tracker" not in words).kill()
    _, errors = run.communicate(timeout=240)
    assert run.returncode == 1
    # What has cleared up after it may say so, too.
    told = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert len(told) == 1, errors
    assert "Traceback" not in errors
    assert told[0].startswith("error: a worker process was killed")


def test_a_folder_made_read_only_during_a_run_is_told(
    tmp_path: Path, begun: Begin, command: Command
) -> None:
    folder = tmp_path / "run"
    run = begun(*LONG, "hydra.run.dir=run")
    until(run, (folder / "checkpoint.ckpt").exists)
    aside = tmp_path / "aside"
    aside.mkdir()
    bound = ["mount", "--bind", str(folder), str(aside)]
    if not hasattr(os, "fork") or subprocess.run(bound, capture_output=True).returncode:
        run.kill()
        run.communicate()
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(aside)], check=True)
        subprocess.run(["mount", "--bind", str(aside), str(folder)], check=True)
        _, errors = run.communicate(timeout=240)
    finally:
        for place in (folder, aside):
            subprocess.run(["umount", str(place)], check=False)
    assert run.returncode == 1
    assert "Read-only file system" in last(errors)
    assert not (folder / "results.json").exists()
    rarely = (*LONG, "callbacks.checkpoints.seconds=15")
    again = command("train.py", *rarely, "resume=true", "hydra.run.dir=run")
    assert again.returncode == 0, again.stderr
