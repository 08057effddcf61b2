"""A sweep that is told to stop says how it goes on; pasted, that goes on and ends the same."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ..conftest import REPO, start
from ..printed import check_printed, commands

pytestmark = pytest.mark.faults
WORDS = ("-m", "seed=0,4", "model=srn_residual", "replicas=4", "evaluate_every=500")
WORDS += ("trainer.max_epochs=700", "callbacks.checkpoints.seconds=0.2")


def told_to_stop(place: Path, number: int, *words: str) -> tuple[int, str, str]:
    """Stop a sweep once its second job has a checkpoint."""
    place.mkdir(parents=True, exist_ok=True)
    running = subprocess.Popen(
        [sys.executable, str(REPO / "train.py"), *WORDS, *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not list(place.rglob("seed=4/checkpoint.ckpt")):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(running.pid, number)  # as a terminal does
    output, errors = running.communicate(timeout=120)
    return running.returncode, output, errors


@pytest.mark.skipif(os.name == "nt", reason="POSIX's process groups and bash")
@pytest.mark.parametrize("where", [("hydra.sweep.dir=my sweep [1]",), ()])
def test_what_is_printed_goes_on(where: tuple[str, ...], tmp_path: Path) -> None:
    place = tmp_path / "it's here"
    status, output, errors = told_to_stop(place, signal.SIGINT, *where)
    assert status == 128 + signal.SIGINT
    assert "1 of 2 jobs complete" in output
    last = errors.splitlines()[-1]
    assert "stopped by SIGINT after step" in last
    (line,) = commands(last)
    assert check_printed(line)
    assert "resume" not in line
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    again = subprocess.run(
        ["bash", "-c", line], cwd=place, env=env, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert "2 of 2 jobs complete" in again.stdout
    assert "complete already, skipped" in again.stdout
    (stopped,) = place.rglob("seed=4/results.json")
    whole = start(tmp_path, "train.py", *WORDS, "hydra.sweep.dir=whole")
    assert whole.returncode == 0, whole.stderr
    for name in ("results.json", "curves.npz"):
        mine, other = stopped.with_name(name), tmp_path / "whole" / "seed=4" / name
        if name == "results.json":
            found = [json.loads(one.read_text()) for one in (mine, other)]
            assert found[0]["replicas"] == found[1]["replicas"]
        else:
            with np.load(mine) as a, np.load(other) as b:
                assert all((a[key] == b[key]).all() for key in a.files)
    assert shlex.split(line)[0] == "python"
