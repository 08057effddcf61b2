"""A real SLURM cluster, where there is one: `pytest -m slurm`."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from ..conftest import REPO, begin, start

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(shutil.which("sbatch") is None, reason="there is no SLURM here"),
]
SLURM = ("hydra/launcher=slurm", "hydra.launcher.mem_gb=2")
# Longer than a try may take.
LONG = ("-m", "data.length=10", "replicas=2", "evaluate_every=20000", "trainer.max_epochs=300000")


def queue() -> list[str]:
    done = subprocess.run(["squeue", "-h", "-r", "-o", "%i %T"], capture_output=True, text=True)
    return done.stdout.splitlines()


def wait(until: object, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not until():  # type: ignore[operator]
        assert time.monotonic() < deadline, queue()
        time.sleep(0.5)


def test_a_study_is_the_same_and_quiet(tmp_path: Path) -> None:
    done = start(tmp_path, "train.py", "study=smoke", *SLURM, "hydra.sweep.dir=cluster")
    assert (done.returncode, done.stderr) == (0, "")
    here = start(tmp_path, "train.py", "study=smoke", "hydra.sweep.dir=here")
    assert here.returncode == 0, here.stderr
    tables = [(tmp_path / one / "results.csv").read_text() for one in ("cluster", "here")]
    assert tables[0] == tables[1]


def test_out_of_time_it_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    short = ("hydra.launcher.timeout_min=2", "hydra.launcher.signal_delay_s=60")
    more = (*short, "hydra.launcher.max_num_timeout=20")
    done = subprocess.run(
        [sys.executable, str(REPO / "train.py"), *LONG, *SLURM, *more, "hydra.sweep.dir=cluster"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    logs = "".join(path.read_text() for path in tmp_path.glob("cluster/.submitit/*/*_log.err"))
    assert "Caught signal SIGUSR2" in logs
    whole = subprocess.run(
        [sys.executable, str(REPO / "train.py"), *LONG, "hydra.sweep.dir=whole"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert whole.returncode == 0
    results, states, curves = [], [], []
    for one in ("cluster", "whole"):
        (path,) = (tmp_path / one).glob("*/results.json")
        found = json.loads(path.read_text())
        found.pop("seconds")
        results.append(found)
        states.append(torch.load(path.with_name("checkpoint.ckpt"), weights_only=True))
        with np.load(path.with_name("curves.npz")) as stored:
            curves.append({key: stored[key] for key in stored.files})
    assert results[0] == results[1]
    for name, tensor in states[0]["state_dict"].items():
        assert torch.equal(tensor, states[1]["state_dict"][name]), name
    assert all((curves[0][key] == curves[1][key]).all() for key in curves[0])


def test_out_of_time_too_often_is_one_line(tmp_path: Path) -> None:
    short = ("hydra.launcher.timeout_min=2", "hydra.launcher.signal_delay_s=60")
    words = (*LONG[:-1], "trainer.max_epochs=9000000", *SLURM, *short)
    done = subprocess.run(
        [sys.executable, str(REPO / "train.py"), *words, "hydra.launcher.max_num_timeout=0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "ran out of time too often" in done.stderr.splitlines()[-1]
    assert "0 of 1 jobs complete" in done.stdout


def test_a_cancelled_job_costs_its_row(tmp_path: Path) -> None:
    words = ("-m", "seed=0,8", *LONG[1:], *SLURM, "hydra.sweep.dir=s")
    running = begin(tmp_path, *words)
    wait(lambda: sum("RUNNING" in line for line in queue()) == 2)
    wait(lambda: len(list(tmp_path.glob("s/*/checkpoint.ckpt"))) == 2)
    first = queue()[0].split()[0]
    subprocess.run(["scancel", first], check=True)
    output, errors = running.communicate(timeout=500)
    assert running.returncode == 1
    assert f"job {first} of the cluster ended without a result" in errors
    assert "Traceback" not in errors
    assert "1 of 2 jobs complete" in output


def test_the_waiting_command_may_go_and_come_back(tmp_path: Path) -> None:
    words = ("-m", "seed=0,8", *LONG[1:-1], "trainer.max_epochs=100000", *SLURM)
    running = begin(tmp_path, *words, "hydra.sweep.dir=s")
    wait(lambda: sum("RUNNING" in line for line in queue()) == 2)
    running.kill()
    running.communicate()
    again = start(tmp_path, "train.py", *words, "hydra.sweep.dir=s")
    assert again.returncode == 0, again.stderr
    assert "2 of 2 jobs complete" in again.stdout
    assert not list(tmp_path.rglob("failure.json"))


def test_a_search_for_spans_decides_the_same(tmp_path: Path) -> None:
    """Each of its rounds is an array of jobs."""
    words = ("study=memory_span_small", "model=srn", "trainer.max_epochs=12", "logger=none")
    words += ("hydra.sweeper.longest=10", "hydra.sweeper.batch=4", "hydra.sweeper.most=4")
    done = start(tmp_path, "train.py", *words, "hydra.sweep.dir=here")
    assert done.returncode == 0, done.stderr
    command = [sys.executable, str(REPO / "train.py"), *words, *SLURM, "hydra.sweep.dir=cluster"]
    cluster = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert cluster.returncode == 0, cluster.stderr
    tables = [(tmp_path / one / "results.csv").read_text() for one in ("here", "cluster")]
    assert tables[0] == tables[1]
