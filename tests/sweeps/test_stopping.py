"""A sweep that is told to stop says how it goes on; pasted, that goes on and ends the same."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from ..conftest import Begin, Command, until
from ..printed import check_printed, commands, read_by_bash

pytestmark = pytest.mark.faults
WORDS = ("-m", "seed=0,4", "model=srn_residual", "replicas=4", "evaluate_every=500")
WORDS += ("trainer.max_epochs=350", "callbacks.checkpoints.seconds=0.2")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, command_in: Command) -> Path:
    """The second job, where nothing stops it."""
    place = tmp_path_factory.mktemp("whole")
    done = command_in(place, "train.py", *WORDS, "hydra.sweep.dir=whole")
    assert done.returncode == 0, done.stderr
    return place / "whole" / "seed=4"


@pytest.mark.skipif(os.name == "nt", reason="POSIX's process groups and bash")
@pytest.mark.parametrize("where", [("hydra.sweep.dir=my sweep [1]",), ()])
def test_what_is_printed_goes_on(
    where: tuple[str, ...], tmp_path: Path, begun: Begin, command_in: Command, whole: Path
) -> None:
    place = tmp_path / "it's here"
    place.mkdir()
    running = begun(*WORDS, *where, folder=place)
    until(running, lambda: list(place.rglob("seed=4/checkpoint.ckpt")))
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    output, errors = running.communicate(timeout=120)
    status = running.returncode
    assert status == 128 + signal.SIGINT
    assert "1 of 2 jobs complete" in output
    last = errors.splitlines()[-1]
    assert "stopped by SIGINT after step" in last
    (line,) = commands(last)
    assert check_printed(line)
    assert "resume" not in line
    python, _, *typed = read_by_bash(line)
    assert python == "python"
    again = command_in(place, "train.py", *typed)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 jobs complete" in again.stdout
    assert "complete already, skipped" in again.stdout
    (stopped,) = place.rglob("seed=4/results.json")
    for name in ("results.json", "curves.npz"):
        mine, other = stopped.with_name(name), whole / name
        if name == "results.json":
            found = [json.loads(one.read_text()) for one in (mine, other)]
            assert found[0]["replicas"] == found[1]["replicas"]
        else:
            with np.load(mine) as a, np.load(other) as b:
                assert all((a[key] == b[key]).all() for key in a.files)
