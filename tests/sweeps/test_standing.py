"""How far a sweep is, as its folder says: worked out by hand, and asked for while it runs."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from digitsum.sweeps.standing import COMPILING, FILE, STALE, show, standing
from digitsum.training.standing import NAME

from ..conftest import Begin, Command, until
from ..invented import chosen


def job(folder: Path, overrides: list[str], **told: Any) -> dict[str, Any]:
    """A job's folder: done in so many `seconds`, failed with an `error`, or told of by itself."""
    name = ",".join(overrides)
    place = folder / name
    place.mkdir(parents=True)
    if "seconds" in told:
        replicas = [{"seed": 0, "test_accuracy": 0.5, "best_dev_accuracy": 0.5}]
        result = {"schema": 1, "status": "complete", "settings": {}, "replicas": replicas}
        (place / "results.json").write_text(json.dumps(result | told))
    elif "error" in told:
        (place / "failure.json").write_text(json.dumps({"schema": 1, "status": "failed"} | told))
    elif told:
        (place / "standing.json").write_text(json.dumps(told))
    return {"folder": name, "overrides": overrides}


def manifest(folder: Path, jobs: list[dict[str, Any]], **more: Any) -> Path:
    told = {"schema": 1, "study": None, "started": time.time(), "jobs": jobs} | more
    (folder / "sweep.json").write_text(json.dumps(told))
    return folder


def running(
    step: int, per_step: float | None = 0.01, ago: float = 0.0, **more: Any
) -> dict[str, Any]:
    told = {"step": step, "steps": 1000, "dev_accuracy": 0.25, "per_step": per_step}
    return told | {"told": time.time() - ago, "running": True} | more


def test_both_write_and_read_the_same_file() -> None:
    assert FILE == NAME


def test_counts_and_time_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [
        job(tmp_path, ["model=srn", "data.length=10"], seconds=4.0),
        job(tmp_path, ["model=gru", "data.length=10"], seconds=20.0),
        job(tmp_path, ["model=srn", "data.length=30"], **running(600)),
        job(tmp_path, ["model=gru", "data.length=30"]),
        job(tmp_path, ["model=lstm", "data.length=20"]),
        job(tmp_path, ["model=srn", "data.length=40"], error="no memory"),
    ]
    found = standing(manifest(tmp_path, jobs))
    assert [one.name for one in found.done] == [jobs[0]["folder"], jobs[1]["folder"]]
    assert [one.name for one in found.running] == [jobs[2]["folder"]]
    assert [one.name for one in found.to_come] == [jobs[3]["folder"], jobs[4]["folder"]]
    assert [one.name for one in found.failed] == [jobs[5]["folder"]]
    # 400 steps at 0.01 s; the GRU at three times the length of the one that took 20 s; an LSTM, of
    # which nothing is known, at twice the mean of all paces (0.4, 2 and 1000 x 0.01 / 30 a digit).
    lstm = 20 * (0.4 + 2 + 10 / 30) / 3 + COMPILING
    assert found.expected(jobs[2]["folder"]) == pytest.approx(4, abs=0.2)
    assert found.expected(jobs[3]["folder"]) == pytest.approx(60)
    assert found.expected(jobs[4]["folder"]) == pytest.approx(lstm)
    assert found.left == pytest.approx(4 + 60 + lstm, abs=0.2)
    show(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 of 6 jobs done, 1 running, 1 failed, 2 to come; about 87 s left"
    assert lines[1] == (
        "Running  model=srn,data.length=30: step 600 of 1000, dev accuracy 0.250, 4.0 s left"
    )
    assert lines[2] == "Failed   model=srn,data.length=40: no memory"


def test_a_search_says_its_round_and_what_is_left_in_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(left: float | None, ago: float) -> Path:
        told = {"number": 2, "asked": 5, "left": left, "told": time.time() - ago}
        (tmp_path / "round.json").write_text(json.dumps(told))
        return tmp_path

    jobs = [
        job(tmp_path, ["seed=0"], seconds=10.0),
        job(tmp_path, ["seed=1"], seconds=20.0),
        job(tmp_path, ["seed=2"], **running(500)),
    ]
    manifest(tmp_path, jobs, started=time.time() - 1000)
    # Two of five aren't begun, 15 s each, after 500 steps at 0.01 s; or what the search expected.
    assert standing(asked(None, 0)).left == pytest.approx(35, abs=0.2)
    assert standing(asked(100.0, 40)).left == pytest.approx(60, abs=0.2)
    assert standing(asked(100.0, 90)).left == pytest.approx(35, abs=0.2)
    show(asked(100.0, 40))
    first = capsys.readouterr().out.splitlines()[0]
    assert first == (
        "2 of 5 jobs done, 1 running, 2 to come; about 60 s left "
        "(round 2 of a search, which asks more as it goes)"
    )
    assert standing(asked(100.0, 1001)).total == 3  # said by a search before this one
    for torn in ("", "[]", '{"number": 1}', '{"number": "1", "asked": 5, "left": 1, "told": 2}'):
        (tmp_path / "round.json").write_text(torn)
        assert standing(tmp_path).total == 3


def test_two_at_once_share_what_is_to_come(tmp_path: Path) -> None:
    jobs = [
        job(tmp_path, ["seed=0"], seconds=10.0),
        job(tmp_path, ["seed=1"], **running(500)),
        job(tmp_path, ["seed=2"], **running(900)),
        job(tmp_path, ["seed=3"]),
        job(tmp_path, ["seed=4"]),
    ]
    assert standing(manifest(tmp_path, jobs)).left == pytest.approx(5 + 20 / 2, abs=0.2)


def test_before_there_is_a_pace_no_time_is_told(tmp_path: Path) -> None:
    jobs = [job(tmp_path, ["seed=0"], **running(0, per_step=None)), job(tmp_path, ["seed=1"])]
    assert standing(manifest(tmp_path, jobs)).left is None


def test_what_is_silent_for_long_has_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = [
        job(tmp_path, ["seed=0"], **running(10, ago=STALE + 1)),
        job(tmp_path, ["seed=1"], **running(20, running=False)),
    ]
    assert standing(manifest(tmp_path, jobs)).running == []
    show(tmp_path)
    told = capsys.readouterr().out
    assert told.startswith("0 of 2 jobs done, 2 to come\n")
    assert "Stopped  seed=0: step 10 of 1000" in told
    assert "Stopped  seed=1: step 20 of 1000" in told


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"step": "one"}', b'{"step": 1, "told": "now"}', b'{"step": 1}', b"\xff"],
)
def test_a_torn_word_is_none(content: bytes, tmp_path: Path) -> None:
    jobs = [job(tmp_path, ["seed=0"])]
    manifest(tmp_path, jobs)
    (tmp_path / "seed=0" / "standing.json").write_bytes(content)
    found = standing(tmp_path)
    assert found.running == []
    assert found.left is None


def test_a_search_counts_the_trials_to_come(tmp_path: Path) -> None:
    jobs = [job(tmp_path, ["lr=0.1"], seconds=3.0)]
    manifest(tmp_path, [], trials=5, started=7.0)
    mark = {"number": 0, "started": 7.0, "overrides": jobs[0]["overrides"]}
    (tmp_path / "lr=0.1" / "trial.json").write_text(json.dumps(mark))
    found = standing(tmp_path)
    assert (len(found.done), found.total, found.left) == (1, 5, pytest.approx(12.0))


def test_nothing_is_written(tmp_path: Path) -> None:
    chosen(tmp_path / "s", [{}])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    show(tmp_path / "s")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_it_is_asked_while_a_sweep_runs(tmp_path: Path, begun: Begin, command: Command) -> None:
    words = ("-m", "seed=0,1", "trainer.max_epochs=100000", "hydra.sweep.dir=s")
    going = begun(*words, "callbacks.standing.seconds=0.2")
    told = tmp_path / "s" / "seed=0" / "standing.json"
    until(going, lambda: told.exists() and json.loads(told.read_text())["per_step"])
    done = command("evaluate.py", "sweep=s", "status=true")
    going.kill()
    going.communicate()
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("0 of 2 jobs done, 1 running, 1 to come; about ")
    assert second.startswith("Running  seed=0: step ")
    assert " of 3800000, dev accuracy " in second


def test_status_is_of_a_sweep(command: Command) -> None:
    for words, told in (
        (("run=.", "status=true"), "status is for sweep=FOLDER"),
        (("sweep=.", "status=yes please"), "status is yes please; it must be true or false"),
        (("sweep=nowhere", "status=true"), "is missing; is"),
    ):
        done = command("evaluate.py", *words)
        assert done.returncode == 1
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
