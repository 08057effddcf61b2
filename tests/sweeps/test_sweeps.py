"""Sweeps as a user runs them: reports, skipping, killing, failing."""

import csv
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from digitsum.errors import UserError
from digitsum.sweeps.collected import collect
from digitsum.sweeps.job import best_on_dev
from digitsum.sweeps.manifest import job_folder

from ..conftest import Begin, Command, until


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.faults
def test_a_killed_study_goes_on_where_it_stopped(
    begun: Begin, command: Command, tmp_path: Path
) -> None:
    # A checkpoint each epoch, and jobs that go on from them: what a cluster's array does.
    words = ("study=smoke", "resume=true", "callbacks.checkpoints.seconds=0")
    whole = command("train.py", *words, "hydra.sweep.dir=whole")
    assert whole.returncode == 0, whole.stderr
    assert "4 of 4 jobs complete" in whole.stdout

    killed = begun(*words)
    folder = tmp_path / "multirun" / "smoke,callbacks.checkpoints.seconds=0"
    third = "*data.length=5,model=srn_residual/checkpoint.previous.ckpt"
    until(killed, lambda: list(folder.glob(third)))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    finished = {path: path.stat().st_mtime_ns for path in folder.glob("*/results.json")}
    assert 2 <= len(finished) < 4

    again = command("train.py", *words)
    assert again.returncode == 0, again.stderr
    assert f"{len(finished)} of 4 jobs complete already, skipped" in again.stdout
    assert "job 1 of 4" not in again.stdout
    assert "job 4 of 4" in again.stdout
    assert all(path.stat().st_mtime_ns == was for path, was in finished.items())
    assert (folder / "results.csv").read_text() == (tmp_path / "whole" / "results.csv").read_text()
    for name in ("report.md", "report.html", "accuracy.png", "accuracy.pdf", "losses.png"):
        assert (folder / name).stat().st_size > 500
    assert "<svg" in (folder / "report.html").read_text()
    assert len(rows(folder)) == 4 * 4

    changed = command("train.py", *words, "replicas=2", "model=srn")
    assert changed.returncode == 0, changed.stderr
    assert "skipped" not in changed.stdout
    # Another sweep, beside the first.
    other = folder.with_name(f"{folder.name},model=srn,replicas=2")
    assert len(rows(other)) == 2 * 2
    assert len(rows(folder)) == 4 * 4
    assert "replicas" not in " ".join(path.name for path in folder.iterdir())
    assert "replicas=2" in (other / "report.md").read_text(encoding="utf-8")


def test_a_studys_folder_says_what_was_overridden_whatever_ran_before(
    command: Command, tmp_path: Path
) -> None:
    """A toy of a study doesn't take its place; what its YAML says anyway is no override."""
    for words, name in (
        (("replicas=2", "model=srn", "overwrite=true"), "smoke,model=srn,replicas=2"),
        ((), "smoke"),
        (("replicas=4", "overwrite=false"), "smoke"),
    ):
        done = command("train.py", "study=smoke", *words)
        assert done.returncode == 0, done.stderr
        assert f"-> {tmp_path / 'multirun' / name}\n" in done.stdout
    assert sorted(one.name for one in (tmp_path / "multirun").iterdir()) == [
        "smoke",
        "smoke,model=srn,replicas=2",
    ]


def test_every_launcher_gives_the_same_table(command: Command, tmp_path: Path) -> None:
    """As many processes a job as a launcher has, each importing everything: so it is one job;
    `test_two_jobs_at_once_decide_the_same` has many.
    """
    tables = set()
    for launcher in ("basic", "submitit_local"):
        words = ("data.length=5", f"hydra/launcher={launcher}", f"hydra.sweep.dir={launcher}")
        done = command("train.py", "study=smoke", "model=srn", *words)
        assert done.returncode == 0, done.stderr
        assert "1 of 1 jobs complete" in done.stdout
        tables.add((tmp_path / launcher / "results.csv").read_text())
    assert len(tables) == 1


def test_the_cluster_preset_composes(command: Command) -> None:
    done = command("train.py", "study=smoke", "hydra/launcher=slurm", "--cfg", "hydra")
    assert done.returncode == 0, done.stderr
    assert "submitit_launcher.SlurmLauncher" in done.stdout
    assert "array_parallelism: 256" in done.stdout


def test_shards_of_seeds_make_the_table_of_one_job(command: Command, tmp_path: Path) -> None:
    words = ("-m", "model=srn,srn_residual", "data.length=5", "trainer.max_epochs=4")
    words += ("callbacks=explosion", "clip.value=null")
    for place, more in (("whole", ["replicas=4"]), ("shards", ["seed=2,0", "replicas=2"])):
        done = command("train.py", *words, *more, f"hydra.sweep.dir={place}")
        assert done.returncode == 0, done.stderr
    tables = [(tmp_path / place / "results.csv").read_text() for place in ("whole", "shards")]
    assert tables[0] == tables[1]
    pages = [(tmp_path / place / "report.md").read_text() for place in ("whole", "shards")]
    results = [page[page.index("## Results") : page.index("## How it was made")] for page in pages]
    assert results[0] == results[1]
    one, other = (collect(tmp_path / place).complete for place in ("whole", "shards"))
    for name in ("curves", "gradient_norms", "saturation", "gradient_flow"):
        for a, b in zip(one, other, strict=True):
            wanted, found = a.arrays(name), b.arrays(name)
            assert wanted.keys() == found.keys()
            for key, array in wanted.items():
                if array.dtype.kind == "f":
                    np.testing.assert_allclose(found[key], array, rtol=1e-3, atol=1e-5)
                else:
                    assert (found[key] == array).all()


def _shown_in_tensorboard(folder: Path) -> None:
    """The answer by itself, HParams of what varies alone, one card for a curve."""
    answer = EventAccumulator(str(folder / "answer")).Reload()
    assert answer.Tags()["images"] == ["answer/accuracy", "answer/table"]
    (words,) = [tag for tag in answer.Tags()["tensors"] if tag.startswith("answer")]
    assert b"At length 10" in answer.Tensors(words)[0].tensor_proto.string_val[0]
    assert answer.Tags()["scalars"] == []  # which its charts would smooth
    assert [one.name for one in (folder / "answer").iterdir() if one.is_dir()] == []
    varied, tags = set(), set()
    for path in (folder / "data.length=5").glob("events*"):
        run = EventAccumulator(str(path)).Reload()
        tags |= set(run.Tags()["scalars"])
        if "_hparams_/session_start_info" in run.summary_metadata:
            content = run.summary_metadata["_hparams_/session_start_info"].plugin_data.content
            data = plugin_data_pb2.HParamsPluginData.FromString(content)
            varied |= set(data.session_start_info.hparams)
            assert data.session_start_info.hparams["data.length"].string_value == "5"
    assert varied == {"data.length"}
    assert {tag for tag in tags if tag.startswith("dev/")} == {"dev/accuracy", "dev/loss"}
    assert "with_interval/dev_loss_high" in tags


def test_a_sweep_is_asked_at_other_lengths(command: Command, tmp_path: Path) -> None:
    words = ("-m", "data.length=5,10", "trainer.max_epochs=6", "replicas=2", "hydra.sweep.dir=s")
    done = command("train.py", *words)
    assert done.returncode == 0, done.stderr
    _shown_in_tensorboard(tmp_path / "s")
    done = command("evaluate.py", "sweep=s", "lengths=5,10,20", draws=True)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "s" / "asked_test.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [(row["trained_at"], row["asked_at"]) for row in found] == [
        (trained, asked) for trained in ("5", "10") for asked in ("5", "10", "20")
    ]
    # Asked at the length that it was trained at, a network answers as training reported.
    trained = rows(tmp_path / "s")
    for length in ("5", "10"):
        told = [float(row["test_accuracy"]) for row in trained if row["data.length"] == length]
        (own,) = [row for row in found if row["trained_at"] == row["asked_at"] == length]
        assert float(own["mean"]) == pytest.approx(np.mean(told))
        assert float(own["low"]) <= float(own["mean"]) <= float(own["high"])
    assert (tmp_path / "s" / "asked_test.png").stat().st_size > 5000
    refused = command("evaluate.py", "sweep=s", "lengths=5,2")
    assert refused.returncode == 1
    assert "lengths is 5,2; it must be whole numbers, at least 3" in refused.stderr


def test_a_seed_that_occurs_twice_is_refused(command: Command, tmp_path: Path) -> None:
    done = command("train.py", "-m", "seed=0,3", "replicas=4", "hydra.sweep.dir=s")
    assert done.returncode == 1
    assert "both have seed 3" in done.stderr
    assert "seed=0,4" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not (tmp_path / "s").exists()


@pytest.mark.faults
def test_a_failing_job_does_not_take_the_others_down(command: Command, tmp_path: Path) -> None:
    words = ("-m", "lr=0.01,-1", "trainer.max_epochs=2", "hydra.sweep.dir=s")
    done = command("train.py", *words)
    assert done.returncode == 1
    assert "lr is -1; it must be a number above 0" in done.stderr
    found = rows(tmp_path / "s")
    assert [row["status"] for row in found] == ["complete", "failed"]
    assert "lr is -1" in found[1]["error"]
    assert "1 of 2 jobs complete" in done.stdout
    again = command("train.py", *words)
    assert again.returncode == 1
    assert again.stdout.count("skipped") == 1


@pytest.mark.faults
def test_a_second_sweep_in_one_folder_is_told(
    begun: Begin, command: Command, tmp_path: Path
) -> None:
    words = ("study=smoke", "replicas=1")
    folder = tmp_path / "multirun" / "smoke,replicas=1"
    first = begun(*words)
    until(first, (folder / "sweep.json").exists)
    second = command("train.py", *words)
    assert second.returncode == 1
    assert "another sweep is running in this folder" in second.stderr
    _, errors = first.communicate(timeout=200)
    assert first.returncode == 0, errors


def test_job_folders_are_names_that_any_system_can_have() -> None:
    assert job_folder(["study=x", "lr=0.1", "model=gru"]) == "lr=0.1,model=gru"
    assert job_folder(["study=x", "lr=0.1", "data.dir=../up"]).startswith("data.dir=__up,lr=0.1-")
    assert job_folder(["b=1", "a=2"]) == job_folder(["a=2", "b=1"])
    assert job_folder(["data.dir=a:b"]) != job_folder(["data.dir=a?b"])
    assert job_folder(["nul.a=1"]).startswith("_nul.a=1-")
    long = [job_folder([f"data.dir={'x' * 300}{end}"]) for end in "ab"]
    assert long[0] != long[1]
    assert max(map(len, long)) < 140
    assert job_folder(["study=x"]) == "job"
    assert job_folder(["lr=0.1", "replicas=8"], ["replicas"]) == "lr=0.1"


@pytest.mark.faults
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": 99, "jobs": []}', b"\xff"])
def test_a_torn_manifest_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_bytes(content)
    with pytest.raises(UserError, match=r"sweep\.json") as error:
        collect(tmp_path)
    assert "\n" not in str(error.value)


def test_a_sweeper_is_told_the_mean_best_dev_accuracy(tmp_path: Path) -> None:
    each = [{"best_dev_accuracy": dev, "test_accuracy": 0.9} for dev in (0.2, 0.4, None)]
    assert best_on_dev({"replicas": each[:2]}) == pytest.approx(0.3)
    # One that diverged before anybody looked has none right.
    assert best_on_dev({"replicas": each}) == pytest.approx(0.2)
