"""Kills, signals, torn files and full disks: what is lost is at most the last seconds."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digitsum.errors import UserError
from digitsum.runs.stored import load

from ..conftest import Begin, Command, Going, until

# A checkpoint after every epoch, so that kills fall into writing as well.
RUN = (
    "model=srn_residual",
    "replicas=4",
    "data.shuffle=true",
    "trainer.max_epochs=30",
    "evaluate_every=50",
    "callbacks=gradient_norms",
    "callbacks.checkpoints.seconds=0",
)
pytestmark = pytest.mark.faults


@pytest.fixture
def start(begun: Begin) -> Begin:
    return lambda folder, *more: begun(*RUN, f"hydra.run.dir={folder}", *more)


def finish(run: Going) -> str:
    output, errors = run.communicate(timeout=240)
    assert run.returncode == 0, errors
    return output


def await_checkpoint(folder: Path, run: Going) -> None:
    until(run, (folder / "checkpoint.ckpt").exists)


def same(one: Path, other: Path) -> None:
    """Results, weights, optimizer, curves, probes and TensorBoard's scalars are identical."""
    results = [json.loads((folder / "results.json").read_text()) for folder in (one, other)]
    for result in results:
        result.pop("seconds")
    assert results[0] == results[1]
    states: list[Any] = [
        torch.load(folder / "checkpoint.ckpt", weights_only=True) for folder in (one, other)
    ]
    for name, tensor in states[0]["state_dict"].items():
        assert torch.equal(tensor, states[1]["state_dict"][name]), name
    for index, state in states[0]["optimizer_states"][0]["state"].items():
        for name, tensor in state.items():
            found = states[1]["optimizer_states"][0]["state"][index][name]
            assert torch.equal(torch.as_tensor(tensor), torch.as_tensor(found)), name
    for name in ("curves", "gradient_norms"):
        with np.load(one / f"{name}.npz") as a, np.load(other / f"{name}.npz") as b:
            assert all((a[key] == b[key]).all() for key in a.files)
    logged = [EventAccumulator(str(folder)).Reload() for folder in (one, other)]
    assert sorted(logged[0].Tags()["scalars"]) == sorted(logged[1].Tags()["scalars"])
    for tag in ("dev/loss", "train/accuracy"):
        points = [[(e.step, e.value) for e in events.Scalars(tag)] for events in logged]
        assert points[0] == points[1]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, command_in: Command) -> Path:
    """An uninterrupted run."""
    place = tmp_path_factory.mktemp("whole")
    done = command_in(place, "train.py", *RUN, "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    return place / "run"


def test_killed_at_random_moments_a_run_ends_the_same(
    whole: Path, tmp_path: Path, start: Begin, request: pytest.FixtureRequest, record_property: Any
) -> None:
    kills = request.config.getoption("--kills")
    moments = random.Random(0)
    folder, killed = tmp_path / "run", 0
    for _ in range(kills):
        run = start("run", "resume=true")
        await_checkpoint(folder, run)
        # Training takes a second or two: some kills fall into the restart, some into it.
        time.sleep(moments.choice([moments.uniform(0, 0.3), moments.uniform(0.5, 2)]))
        killed += run.poll() is None
        run.kill()
        run.communicate()
    finish(start("run", "resume=true"))
    same(whole, folder)
    record_property("faults", killed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_says_how_to_go_on(
    number: signal.Signals, whole: Path, tmp_path: Path, start: Begin
) -> None:
    run = start("run")
    await_checkpoint(tmp_path / "run", run)
    run.send_signal(number)
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 128 + number
    assert f"stopped by {number.name} after step" in errors
    assert f"resume=true hydra.run.dir={tmp_path / 'run'}" in errors
    assert len(errors.splitlines()) == 1, errors
    finish(start("run", "resume=true"))
    same(whole, tmp_path / "run")


@pytest.mark.parametrize("content", [b"torn", None])
def test_a_torn_checkpoint_gives_way_to_the_one_before(
    content: bytes | None, whole: Path, tmp_path: Path, start: Begin
) -> None:
    run = start("run")
    until(run, (tmp_path / "run" / "checkpoint.previous.ckpt").exists)
    run.kill()
    run.communicate()
    path = tmp_path / "run" / "checkpoint.ckpt"
    path.write_bytes(
        whole.joinpath("checkpoint.ckpt").read_bytes()[:5000] if content is None else content
    )
    output = finish(start("run", "resume=true"))
    assert f"{path} can't be used" in output
    assert "going on from checkpoint.previous.ckpt" in output
    same(whole, tmp_path / "run")


def test_resuming_with_another_configuration_is_refused(
    whole: Path, tmp_path: Path, command: Command
) -> None:
    shutil.copytree(whole, tmp_path / "run")
    before = (tmp_path / "run" / "results.json").read_bytes()
    done = command("train.py", *RUN, "hydra.run.dir=run", "resume=true", "lr=0.5")
    assert done.returncode == 1
    assert "holds a complete run of another configuration" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert (tmp_path / "run" / "results.json").read_bytes() == before
    (tmp_path / "run" / "results.json").unlink()
    done = command("train.py", *RUN, "hydra.run.dir=run", "resume=true", "lr=0.5")
    assert done.returncode == 1
    assert "started with another configuration" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for 400 kilobytes."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield small
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_disk_that_is_too_small_is_told_before_a_run(small_disk: Path, command: Command) -> None:
    (small_disk / "kept.txt").write_text("earlier" * 52_000)
    done = command("train.py", "trainer.max_epochs=3", f"hydra.run.dir={small_disk}/run")
    assert done.returncode == 1
    assert done.stderr.startswith("error: this run needs about 0.3")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert [path.name for path in small_disk.iterdir()] == ["kept.txt"]


def test_a_disk_that_fills_up_is_told_and_what_was_there_stays(
    small_disk: Path, start: Begin, command: Command
) -> None:
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    folder = small_disk / "run"
    words = ("callbacks=default", "trainer.max_epochs=200")
    run = start(folder, *words)
    await_checkpoint(folder, run)
    with pytest.raises(OSError, match="No space"):
        (small_disk / "other.bin").write_bytes(b"0" * 30_000_000)
    _, errors = run.communicate(timeout=240)
    assert run.returncode == 1
    assert "No space left on device" in errors
    assert len(errors.splitlines()) == 1, errors
    assert not (folder / "results.json").exists()
    (small_disk / "other.bin").unlink()
    rarely = (*words, "callbacks.checkpoints.seconds=15")
    again = command("train.py", *RUN, *rarely, f"hydra.run.dir={folder}", "resume=true")
    assert again.returncode == 0, again.stderr


def test_a_sweep_on_a_full_disk_finishes_once_there_is_room(
    small_disk: Path, command: Command
) -> None:
    words = ("-m", "seed=1,2,3,4", "trainer.max_epochs=3", f"hydra.sweep.dir={small_disk}/sweep")
    done = command("train.py", *words)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "of disk" in last or "No space left on device" in last
    assert "Traceback" not in done.stderr
    first = small_disk / "sweep" / "seed=1" / "results.json"
    before = first.read_bytes()
    assert json.loads(before)["status"] == "complete"
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    again = command("train.py", *words)
    assert again.returncode == 0, again.stderr
    assert "4 of 4 jobs complete" in again.stdout
    assert first.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("results.json", b"", "can't be read as JSON"),
        ("results.json", b'{"schema": 1', "can't be read as JSON"),
        ("results.json", b"[]", "schema is None"),
        ("results.json", b'{"schema": 7}', "schema is 7; this version reads 1"),
        ("results.json", b'{"schema": 1, "status": "failed"}', "status is failed"),
        ("results.json", b"\xff\xfe", "can't be read as JSON"),
        ("config.yaml", b"", "not a run's configuration"),
        ("config.yaml", b"a: [", "can't be read as a configuration"),
        ("config.yaml", b"!!python/object/apply:os.system ['true']", "can't be read"),
        ("config.yaml", b"\xff", "can't be read as a configuration"),
        ("checkpoint.ckpt", b"", "can't be read as a checkpoint"),
        ("checkpoint.ckpt", b"not a checkpoint", "checkpoint.ckpt"),
    ],
)
def test_foreign_files_in_a_run_are_named(
    name: str, content: bytes, words: str, whole: Path, tmp_path: Path
) -> None:
    shutil.copytree(whole, tmp_path / "run")
    (tmp_path / "run" / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        load(tmp_path / "run")
    assert words in str(error.value)
    assert f"run/{name}" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_checkpoint_of_other_shapes_is_refused(
    whole: Path, tmp_path: Path, command: Command
) -> None:
    shutil.copytree(whole, tmp_path / "run")
    path = tmp_path / "run" / "config.yaml"
    path.write_text(path.read_text().replace("hidden_size: 32", "hidden_size: 16"))
    done = command("evaluate.py", "run=run")
    assert done.returncode == 1
    assert "the configuration beside it says" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_checkpoint_that_names_a_callable_calls_nothing(
    whole: Path, tmp_path: Path, command: Command
) -> None:
    shutil.copytree(whole, tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    mark = tmp_path / "executed"
    checkpoint["hyper_parameters"] = {"_target_": "os.system", "command": f"touch {mark}"}
    checkpoint["_instantiator"] = "os.system"
    torch.save(checkpoint, path)
    load(tmp_path / "run")
    command("train.py", *RUN, "hydra.run.dir=run", "resume=true")
    assert not mark.exists()
