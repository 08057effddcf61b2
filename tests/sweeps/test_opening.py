"""What is found out before a sweep's first job, and how folders of before are taken on."""

import subprocess
from pathlib import Path

import pytest

from digitsum.reports import around
from digitsum.sweeps import made

from ..conftest import Command

GRID = ("-m", "lr=0.1,0.01", "trainer.max_steps=9", "hydra.sweep.dir=s")


@pytest.mark.faults
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("seed=range(1,1)",), "the values given make a sweep of no jobs"),
        (
            ("logger=mlflow", "logger.tracking_uri=http://127.0.0.1:9"),
            "logger: http://127.0.0.1:9 doesn't answer (",
        ),
    ],
    ids=str,
)
def test_before_its_first_job_a_sweep_is_refused(
    typed: tuple[str, ...], words: str, command: Command, tmp_path: Path
) -> None:
    done = command("train.py", *GRID[:1], *typed, *GRID[2:])
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {words}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_job_that_was_named_by_all_that_was_typed_is_the_same_job(
    command: Command, tmp_path: Path
) -> None:
    """As version 0.1 did."""
    assert command("train.py", *GRID).returncode == 0
    job = tmp_path / "s" / "lr=0.1"
    was = (job / "results.json").read_bytes()
    job.rename(tmp_path / "s" / "lr=0.1,trainer.max_steps=9")
    again = command("train.py", *GRID)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 jobs complete already, skipped" in again.stdout
    assert (job / "results.json").read_bytes() == was
    assert sorted(one.name for one in (tmp_path / "s").glob("lr=*")) == ["lr=0.01", "lr=0.1"]


@pytest.mark.faults
@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError("git"),
        subprocess.CalledProcessError(128, "git"),
        subprocess.TimeoutExpired("git", 10),
    ],
    ids=lambda one: type(one).__name__,
)
def test_without_git_a_sweep_says_no_commit(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(subprocess, "run", run)
    assert made._commit(tmp_path) == ""


def test_a_commit_is_short_and_says_where_files_differ(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        told = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()

    assert made._commit(tmp_path) == ""
    git("init", "-q")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-qm", "first")
    short = git("rev-parse", "--short", "HEAD")
    assert made._commit(tmp_path) == short
    (tmp_path / "other").write_text("new, and nobody's")
    assert made._commit(tmp_path) == short
    (tmp_path / "file").write_text("2")
    assert made._commit(tmp_path) == f"{short}+"


@pytest.mark.faults
@pytest.mark.parametrize(("named", "place"), [(None, "sweep"), ("sweep/report.md", "report.md")])
def test_a_report_that_cant_be_written_names_its_place(
    named: str | None, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device", named)

    monkeypatch.setattr("digitsum.reports.report.report", full)
    monkeypatch.setattr(around, "_opened", [Path("sweep")])
    with pytest.raises(OSError, match="No space left") as error, around.reported():
        pass
    assert str(error.value.filename).endswith(place)
    assert error.value.errno == 28
