"""What isn't ours isn't touched, and a complete result is replaced by a complete result alone."""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitsum.errors import UserError
from digitsum.runs import locks
from digitsum.runs.folders import LOCK, MARK, Folder

from ..forks import Forks

pytestmark = pytest.mark.faults
F = ["trainer.max_epochs=2", "data.length=5"]
# What may lie in somebody's folder, by names that a run or a sweep has, too.
THEIRS = [
    *("csv/mine.csv", "curves.csv", "events.out.tfevents.1.theirs.1.1", "wandb/run/notes.txt"),
    *("config.yaml", "results.json", "checkpoint.ckpt", "report.md", "sweep.json", ".hydra/a.yaml"),
    *("mlflow.db", "answer/picture.png", "train.log", ".lock", ".digitsum.json", "a b/[c]/d=e,f"),
]
# Those that a command looks for before it writes.
ASKED = ["results.json", "checkpoint.ckpt", "config.yaml", "sweep.json", ".digitsum.json"]


def state(folder: Path) -> dict[str, str]:
    """Everything below, and what is in it."""
    return {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }


def put(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"theirs: {name}")


def status(folder: Path) -> str:
    return str(json.loads((folder / "results.json").read_text())["status"])


@pytest.mark.parametrize("kind", ["run", "sweep"])
@pytest.mark.parametrize("names", [THEIRS, *([one] for one in ASKED)])
def test_a_folder_that_holds_something_else_is_refused_untouched(
    kind: str, names: list[str], tmp_path: Path, forks: Forks
) -> None:
    put(tmp_path / "theirs", names)
    before = state(tmp_path)
    words = [*F, f"hydra.{kind}.dir=theirs", *(["-m", "lr=0.1,0.01"] if kind == "sweep" else [])]
    ended = forks.run(words, tmp_path)
    assert ended.status == 1
    assert len(ended.err.splitlines()) == 1, ended.err
    assert str(tmp_path / "theirs") in ended.err
    assert state(tmp_path) == before


@pytest.mark.parametrize("kind", ["run", "sweep"])
@pytest.mark.parametrize("name", [one for one in THEIRS if one != ".lock"])
def test_one_file_is_enough_to_be_refused(
    kind: Literal["run", "sweep"], name: str, tmp_path: Path
) -> None:
    put(tmp_path / "theirs", [name])
    before = state(tmp_path)
    with pytest.raises(UserError, match=re.escape(str(tmp_path / "theirs"))):
        Folder(tmp_path / "theirs", kind)
    assert state(tmp_path) == before


def test_a_sweep_whose_jobs_folder_is_somebodys_is_refused_untouched(
    tmp_path: Path, forks: Forks
) -> None:
    assert forks.run([*F, "-m", "lr=0.1,0.2", "hydra.sweep.dir=s"], tmp_path).status == 0
    put(tmp_path / "s", ["lr=0.01/results.json"])
    before = state(tmp_path)
    ended = forks.run([*F, "-m", "lr=0.1,0.01", "hydra.sweep.dir=s"], tmp_path)
    assert ended.status == 1
    assert "lr=0.01 holds results.json" in ended.err
    assert state(tmp_path) == before


def test_what_somebody_adds_to_a_run_stays(tmp_path: Path, forks: Forks) -> None:
    words = [*F, "logger=csv", "hydra.run.dir=run", "overwrite=true"]
    assert forks.run(words, tmp_path).status == 0
    theirs = ["csv/mine.csv", "notes.md", "events.out.tfevents.1.theirs.1.1", "curves.csv"]
    put(tmp_path / "run", theirs)
    before = state(tmp_path / "run")
    assert forks.run([*words, "lr=0.5"], tmp_path).status == 0
    after = state(tmp_path / "run")
    assert {name: after[name] for name in theirs} == {name: before[name] for name in theirs}
    assert after["results.json"] != before["results.json"]
    assert after["csv/metrics.csv"] != before["csv/metrics.csv"]
    # By a name that the run needs it is in the way, and stays there.
    put(tmp_path / "run", ["gradient_norms.npz"])
    ended = forks.run([*words, "lr=0.4", "callbacks=gradient_norms"], tmp_path)
    assert ended.status == 1
    assert "gradient_norms.npz is there and no run made it" in ended.err
    assert (tmp_path / "run" / "gradient_norms.npz").read_text() == "theirs: gradient_norms.npz"


def test_a_report_leaves_what_it_did_not_make(tmp_path: Path, forks: Forks) -> None:
    words = [*F, "-m", "lr=0.1,0.01", "hydra.sweep.dir=s"]
    assert forks.run(words, tmp_path).status == 0
    put(tmp_path / "s", ["answer/mine.txt", "notes.md"])
    (tmp_path / "s" / MARK).write_text(
        (tmp_path / "s" / MARK).read_text().replace('"accuracy.png",\n', "")
    )
    before = state(tmp_path / "s")
    ended = forks.run(["sweep=s"], tmp_path, "evaluate.py")
    assert ended.status == 1
    assert "accuracy.png is there and no sweep made it" in ended.err
    assert state(tmp_path / "s") == before
    (tmp_path / "s" / "accuracy.png").unlink()
    assert forks.run(["sweep=s"], tmp_path, "evaluate.py").status == 0
    assert (tmp_path / "s" / "answer" / "mine.txt").read_text() == "theirs: answer/mine.txt"


def test_a_complete_run_gives_way_to_a_complete_one_alone(tmp_path: Path, forks: Forks) -> None:
    words = [*F, "hydra.run.dir=run"]
    assert forks.run(words, tmp_path).status == 0
    before = state(tmp_path / "run")
    again = forks.run(words, tmp_path)
    assert (again.status, "Complete already" in again.out) == (0, True)
    assert state(tmp_path / "run")["results.json"] == before["results.json"]
    refused = forks.run([*words, "lr=0.5"], tmp_path)
    assert refused.status == 1
    assert "overwrite=true" in refused.err
    # Its data can't be had any more: it fails, and what is complete stays.
    put(tmp_path, ["own/dev.txt"])
    failed = forks.run([*words, "data.dir=own", "overwrite=true"], tmp_path)
    assert failed.status == 1
    kept = ("results.json", "checkpoint.ckpt", "curves.npz", "config.yaml")
    after = state(tmp_path / "run")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert forks.run([*words, "lr=0.5", "overwrite=true"], tmp_path).status == 0
    assert json.loads((tmp_path / "run" / "results.json").read_text())["settings"]["lr"] == 0.5
    assert not (tmp_path / "run" / ".attempt").exists()
    assert "equals what training" in forks.run(["run=run"], tmp_path, "evaluate.py").out


def test_a_stopped_replacement_goes_on_and_the_old_stays_until_then(
    tmp_path: Path, forks: Forks
) -> None:
    words = [*F, "hydra.run.dir=run", "overwrite=true"]
    assert forks.run(words, tmp_path).status == 0
    before = (tmp_path / "run" / "results.json").read_bytes()
    whole = forks.run([*F, "lr=0.3", "hydra.run.dir=whole"], tmp_path)
    assert whole.status == 0
    # As a kill right before the last rename leaves it.
    place = tmp_path / "run" / ".attempt"
    os.rename(tmp_path / "whole", place)
    assert (tmp_path / "run" / "results.json").read_bytes() == before
    assert forks.run([*words, "lr=0.3"], tmp_path).status == 0
    found = json.loads((tmp_path / "run" / "results.json").read_text())
    assert found["settings"]["lr"] == 0.3
    assert not place.exists()


def test_resuming_where_nothing_is_says_so(tmp_path: Path, forks: Forks) -> None:
    ended = forks.run([*F, "hydra.run.dir=run", "resume=true"], tmp_path)
    assert ended.status == 0
    assert "nothing in" in ended.out.splitlines()[0]


def test_a_finished_sweep_given_again_needs_nothing_and_loses_nothing(
    tmp_path: Path, forks: Forks
) -> None:
    put(tmp_path, [])
    (tmp_path / "own").mkdir()
    for split in ("train", "dev", "test"):
        (tmp_path / "own" / f"{split}.txt").write_text("1 2 0 0\t3\n4 5 0 0\t9\n")
    words = [*F[:1], "data.dir=own", "-m", "lr=0.1,0.01", "hydra.sweep.dir=s"]
    assert forks.run(words, tmp_path).status == 0
    results = {p: p.read_bytes() for p in tmp_path.rglob("results.json")}
    assert len(results) == 2
    (tmp_path / "own").rename(tmp_path / "moved")
    for streams in ("", "out:full err:closed", "out:ascii err:broken"):
        ended = forks.run(words, tmp_path, streams=streams)
        assert ended.status == 0, (streams, ended.err)
        assert {p: p.read_bytes() for p in tmp_path.rglob("results.json")} == results
    assert not list(tmp_path.rglob("failure.json"))
    # What has to be trained and can't be is a failure beside what is complete.
    grown = [word.replace("0.1,0.01", "0.1,0.01,0.2") for word in words]
    assert forks.run(grown, tmp_path).status == 1
    assert {p: p.read_bytes() for p in tmp_path.rglob("results.json")} == results
    (failed,) = tmp_path.rglob("failure.json")
    assert failed.parent.name == "lr=0.2"
    assert "is not a folder" in json.loads(failed.read_text())["error"]
    (tmp_path / "moved").rename(tmp_path / "own")
    assert forks.run(grown, tmp_path).status == 0
    assert not list(tmp_path.rglob("failure.json"))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> str:
    """The table of a sweep whose streams are in order."""
    place = tmp_path_factory.mktemp("plain")
    assert forks.run([*F, "-m", "lr=0.1", "hydra.sweep.dir=s"], place).status == 0
    return (place / "s" / "results.csv").read_text()


@pytest.mark.parametrize(
    "streams", ["out:broken", "out:full", "out:closed", "out:ascii", "err:closed", "err:broken"]
)
def test_streams_change_words_not_results(
    streams: str, plain: str, tmp_path: Path, forks: Forks
) -> None:
    ended = forks.run([*F, "-m", "lr=0.1", "hydra.sweep.dir=s"], tmp_path, streams=streams)
    assert ended.status == 0, ended.err
    assert (tmp_path / "s" / "results.csv").read_text() == plain
    assert "Traceback" not in ended.err
    if streams == "out:ascii":
        assert ended.out.isascii()
        assert "job 1 of 1 - job\n" in ended.out


def test_a_run_of_before_marks_is_known_by_what_it_wrote(tmp_path: Path, forks: Forks) -> None:
    for words in ([*F, "hydra.run.dir=old"], [*F, "-m", "lr=0.1,0.01", "hydra.sweep.dir=olds"]):
        assert forks.run(words, tmp_path).status == 0
    for mark in tmp_path.rglob(MARK):
        mark.unlink()
    put(tmp_path / "old", ["notes.md"])
    again = forks.run([*F, "hydra.run.dir=old", "overwrite=true", "lr=0.5"], tmp_path)
    assert again.status == 0, again.err
    assert (tmp_path / "old" / "notes.md").exists()
    again = forks.run([*F, "-m", "lr=0.1,0.01", "hydra.sweep.dir=olds"], tmp_path)
    assert again.status == 0, again.err
    assert "2 of 2 jobs complete already" in again.out


@pytest.mark.parametrize(
    "names",
    [["../beside"], ["/etc/hosts"], ["a/../../b"], ["*"], ["a/**"], [""], [7], "results.json"],
)
def test_a_mark_that_names_something_elsewhere_is_refused(names: object, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    told = {"digitsum": 1, "kind": "run", "names": names}
    (tmp_path / "run" / MARK).write_text(json.dumps(told))
    with pytest.raises(UserError, match="not a mark"):
        Folder(tmp_path / "run", "run")


@pytest.mark.parametrize("name", ["../x", "/x", "a/../x", "", "a//b", "a[1]", "*", "e_/../x"])
def test_no_name_outside_is_taken(name: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run", "run")
    with pytest.raises(UserError, match="no name"):
        folder.add([name])
    assert not (tmp_path / "run").exists()


def test_nothing_behind_a_link_is_removed(tmp_path: Path) -> None:
    put(tmp_path, ["home/precious"])
    folder = Folder(tmp_path / "run", "run")
    folder.add(["wandb/precious", "results.json"])
    put(tmp_path / "run", ["results.json"])
    (tmp_path / "run" / "wandb").symlink_to(tmp_path / "home")
    folder.clear()
    assert not (tmp_path / "run" / "results.json").exists()
    assert (tmp_path / "home" / "precious").exists()


@given(
    st.sets(st.sampled_from(THEIRS[:-3]), min_size=1),
    st.sets(st.sampled_from(THEIRS[:-3]), min_size=1),
)
@settings(max_examples=40, deadline=None)
def test_clearing_removes_what_is_listed_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, ours: set[str], there: set[str]
) -> None:
    place = tmp_path_factory.mktemp("any")
    folder = Folder(place, "run")
    folder.add(ours)
    put(place, sorted(there))
    folder.clear()
    left = {name for name in state(place) if (place / name).is_file()}
    assert left == (there - ours) | {MARK}


def test_two_write_in_one_folder_one_after_the_other(tmp_path: Path, forks: Forks) -> None:
    locks.hold(tmp_path / "run", "run")
    try:
        ended = forks.run([*F, "hydra.run.dir=run"], tmp_path)
        assert ended.status == 1
        assert "another run is writing in this folder" in ended.err
        assert [path.name for path in (tmp_path / "run").iterdir()] == [LOCK]
    finally:
        locks.release(tmp_path / "run")
    assert forks.run([*F, "hydra.run.dir=run"], tmp_path).status == 0
    assert status(tmp_path / "run") == "complete"


@pytest.mark.skipif(os.name == "nt", reason="POSIX's permissions")
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o002, 0o664), (0o022, 0o644)])
def test_files_are_as_the_umask_says(umask: int, mode: int, tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        f"import os; os.umask({umask})\nfrom pathlib import Path\n"
        "from digitsum.writing import write_aside\nwrite_aside(Path('a'), b'')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env=os.environ)
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode
