"""Memory spans sought by the command: resumed, on one job and on two at once, told, refused."""

import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from digitsum.figures.style import LOOKS
from digitsum.questions.budget import APART, UP, span_budget, steps
from digitsum.questions.span import said, spans, surer
from digitsum.sweeps.collected import collect
from digitsum.sweeps.manifest import job_folder
from digitsum.sweeps.outlook import Asked, seconds_left
from digitsum.sweeps.search import ROUND, told_round
from digitsum.sweeps.span_rule import FRESH, Answer, Ask, Rule
from digitsum.sweeps.spans import rounds

from ..conftest import Begin, Command, until
from ..invented import chosen

WORDS = (
    *("study=memory_span_small", "model=srn,indrnn", "trainer.max_epochs=12", "logger=none"),
    *("hydra.sweeper.longest=14", "hydra.sweeper.batch=4", "hydra.sweeper.most=8"),
    *("hydra.sweeper.few=2", "data.copies=1", "evaluate_every=40", "hydra.sweep.dir=s"),
)


def asked(folder: Path) -> dict[str, list[float]]:
    """Every job of a search, by its folder, with what its replicas have on test."""
    return {job.folder.name: job.values("test_accuracy").tolist() for job in collect(folder).jobs}


def finished(folder: Path) -> dict[str, list[float]]:
    found = {}
    for path in folder.glob("*/results.json"):
        replicas = json.loads(path.read_text())["replicas"]
        found[path.parent.name] = [one["test_accuracy"] for one in replicas]
    return found


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, command_in: Command) -> Path:
    place = tmp_path_factory.mktemp("whole")
    done = command_in(place, "train.py", *WORDS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 searches -> ")
    assert "round 1 · 6 jobs · srn at 5; indrnn at 5\n" in done.stdout
    assert re.search(r"^round 2 · \d+ jobs · .* · about [\d.]+ (s|min) left$", done.stdout, re.M)
    assert "Memory span, the length at which test accuracy falls through one half" in done.stdout
    return place / "s"


def test_what_was_asked_is_what_is_there(whole: Path) -> None:
    found = collect(whole)
    assert found.grows == 14
    assert finished(whole).keys() == {
        shard.folder.name for job in found.jobs for shard in (job.shards or (job,))
    }
    last = told_round(whole)
    assert last is not None
    assert last.asked == len(finished(whole))
    assert last.number > 2
    seeds = {one["seed"] for job in found.jobs for one in job.replicas}
    assert {0, 1} <= seeds
    assert all(seed < 50 or seed >= FRESH for seed in seeds)
    assert {job.settings["data"] for job in found.jobs} == {"fresh"}
    page = (whole / "report.html").read_text()
    assert "Memory span: the length at which" in page


@pytest.mark.faults
def test_killed_at_random_moments_it_decides_the_same(
    whole: Path,
    tmp_path: Path,
    begun: Begin,
    command: Command,
    request: pytest.FixtureRequest,
) -> None:
    # By how far it has come, since machines differ: at random among its jobs, and within one.
    stream, kills = np.random.default_rng(0), request.config.getoption("--kills")
    counts = sorted(stream.integers(1, len(finished(whole)), kills).tolist())
    for count in counts:
        going = begun(*WORDS)
        until(going, lambda: len(list(tmp_path.glob("s/*/results.json"))) >= count)  # noqa: B023
        time.sleep(stream.uniform(0, 0.5))
        assert going.poll() is None
        os.killpg(going.pid, signal.SIGKILL)
        going.communicate()
    last = command("train.py", *WORDS)
    assert last.returncode == 0, last.stderr
    assert "complete already, skipped" in last.stdout
    launched = [line for line in last.stdout.splitlines() if line.startswith("job ")]
    assert len(launched) < len(finished(whole))
    assert finished(tmp_path / "s") == finished(whole)
    assert (tmp_path / "s" / "results.csv").read_text() == (whole / "results.csv").read_text()


def test_two_jobs_at_once_decide_the_same(whole: Path, command: Command, tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    done = command("train.py", *WORDS, "hydra/launcher=cores")
    assert done.returncode == 0, done.stderr
    assert finished(tmp_path / "s") == finished(whole)
    assert (tmp_path / "s" / "results.csv").read_text() == (whole / "results.csv").read_text()


def test_searches_are_told_apart_by_what_varies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen(tmp_path / "s", [{}], fixed=[])
    for cells, told in (
        (
            (["model=srn", "data.fresh=true"], ["model=srn", "data.fresh=false"]),
            "data.fresh=true at 5; data.fresh=false at 5",
        ),
        ((["model=srn", "lr=1"], ["model=gru", "lr=1"]), "srn at 5; gru at 5"),
    ):
        asked = next(rounds(Rule(), cells, tmp_path / "s"))
        assert len(asked) == 6
        assert capsys.readouterr().out == f"round 1 · 6 jobs · {told}\n"


@pytest.mark.parametrize(("there", "passed", "at_once"), [(0, 15, 2), (2, 11, 1), (3, 0.1, 1)])
def test_the_time_that_is_left_counts_what_was_trained_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: int, passed: float, at_once: int
) -> None:
    """Ten seconds a job, three jobs in this round, some of which an earlier try has left."""
    folder, rule = tmp_path / "s", Rule(longest=40)
    chosen(folder, [{}], fixed=[])
    result = json.loads((folder / "0" / "results.json").read_text()) | {"seconds": 10.0}
    now = [0.0]
    monkeypatch.setattr("digitsum.sweeps.spans.time.monotonic", lambda: now[0])

    def finish(jobs: list[list[str]]) -> None:
        for job in jobs:
            (folder / job_folder(job, [])).mkdir()
            (folder / job_folder(job, []) / "results.json").write_text(json.dumps(result))

    jobs = next(rounds(rule, [["model=srn"]], folder))
    finish(jobs[:there])
    going = rounds(rule, [["model=srn"]], folder)
    next(going)
    finish(jobs[there:])
    now[0] += passed
    next(going)
    answer = Answer(*(np.full(8, one) for one in (0.52, 0.41)))
    asks = [Ask(5, lr, 0, 4) for lr in (0.0003, 0.001, 0.003)]
    left = seconds_left(rule, [[Asked(ask, answer, 10.0) for ask in asks]])
    word = told_round(folder)
    assert left is not None
    assert word is not None
    assert word.left == pytest.approx(left / at_once, rel=0.05)


def test_one_search_given_twice_asks_the_same_twice(tmp_path: Path) -> None:
    folder, cells = tmp_path / "s", [["model=srn"], ["model=srn"]]
    chosen(folder, [{}], fixed=[])
    going = rounds(Rule(longest=40), cells, folder)
    for _ in range(2):
        jobs = next(going)
        assert jobs[: len(jobs) // 2] == jobs[len(jobs) // 2 :]
        for job in jobs:
            (folder / job_folder(job, [])).mkdir(exist_ok=True)
            text = (folder / "0" / "results.json").read_text()
            (folder / job_folder(job, []) / "results.json").write_text(text)


def test_what_takes_longest_is_begun_first(tmp_path: Path) -> None:
    """Else what is last runs alone. First by size; then a job of a GRU takes ten times as long."""
    folder = tmp_path / "s"
    chosen(folder, [{}], fixed=[])
    result = json.loads((folder / "0" / "results.json").read_text())
    going = rounds(Rule(longest=40), [["model=srn"], ["model=gru"]], folder)
    jobs = next(going)
    assert [job[0] for job in jobs] == ["model=srn"] * 3 + ["model=gru"] * 3  # as they were given
    for job in jobs:
        (folder / job_folder(job, [])).mkdir()
        told = result | {"seconds": 100.0 if job[0] == "model=gru" else 10.0}
        (folder / job_folder(job, []) / "results.json").write_text(json.dumps(told))
    later = [job[0] for job in next(going)]
    assert later == sorted(later)
    assert len({*later}) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lr=0.1",), "lr=0.1: a search for memory spans chooses lr itself"),
        (("data.length=5,10",), "a search for memory spans chooses data.length itself"),
        (("hydra.sweeper.few=1",), "hydra.sweeper.few is 1; it must be a whole number, at least 2"),
        (("hydra.sweeper.factor=3",), "hydra.sweeper.factor is 3; it must be a number above 1"),
        (("hydra.sweeper.longest=4",), "hydra.sweeper.longest is 4, below the shortest"),
    ],
)
def test_what_can_not_be_sought_is_told_before_anything_is_written(
    words: tuple[str, ...], told: str, command: Command, tmp_path: Path
) -> None:
    done = command("train.py", "study=memory_span_small", "hydra.sweep.dir=s", *words)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "s").exists()


def test_what_a_search_writes_is_never_somebody_elses(command: Command, tmp_path: Path) -> None:
    own = tmp_path / "s" / ROUND
    own.parent.mkdir()
    own.write_text("mine")
    done = command("train.py", *WORDS)
    assert done.returncode == 1
    assert f"holds {ROUND}, which no sweep made; nothing was touched" in done.stderr
    assert [path.name for path in own.parent.iterdir()] == [ROUND]
    assert own.read_text() == "mine"


def job(model: str, length: int, test: float, seed: int) -> dict[str, object]:
    own = {"model": model, "data.length": length, "seed": seed}
    return own | dict.fromkeys(("dev", "test"), np.full(8, test))


def test_spans_are_made_of_fresh_replicas_alone(tmp_path: Path) -> None:
    """Those of the search say 0.9 at 20 and would move the span; by hand it is where the line from
    0.7 at 20 to 0.3 at 25 is one half, on a log axis: sqrt(20 x 25).
    """
    jobs = [
        *(job("gru", length, 0.9, 0) for length in (5, 10, 20)),
        *(job("gru", length, 0.1, 0) for length in (25, 40)),
        job("gru", 20, 0.7, FRESH),
        job("gru", 25, 0.3, FRESH),
        *(job("lru", length, 0.8, 0) for length in (5, 10, 20, 40, 80)),
        job("srn", 5, 0.2, 0),
        *(job("irnn", length, 0.9, 0) for length in (5, 10)),  # not at its end yet
    ]
    sought = chosen(tmp_path / "s", jobs, grows=80, started=1.0)  # type: ignore[arg-type]
    found = {one.model: one for one in spans(sought)}
    assert set(found) == {"gru", "lru", "srn"}
    assert found["gru"].span == pytest.approx(np.sqrt(20 * 25))
    assert said(found["lru"]) == "> 80"
    assert said(found["srn"]) == "none (below 0.5 at 5)"
    assert list(found) == ["lru", "gru", "srn"]
    assert surer(list(found.values())) == [1.0, 1.0, None]


def test_spans_are_drawn_against_the_budget(tmp_path: Path) -> None:
    """Each point and bar as the span's table has it; what is beyond the longest is an arrow."""
    jobs, passes = [], {500: (20, 25), 1000: (40, 50)}
    for size in (16, 32):
        for count, (low, high) in passes.items():
            given = {"trainer.max_epochs": count, "model.hidden_size": size, "data.batch_size": 8}
            for length, test in ((low, 0.7), (high, 0.3)):
                one = job("gru", length, test, FRESH)
                jobs.append(one | given)
            jobs += [job(model, 80, 0.9, 0) | given for model in ("lru", "srn")]
    (made,) = span_budget(chosen(tmp_path / "s", jobs, grows=80, started=1.0)).values()
    assert [axes.get_title() for axes in made.axes] == ["hidden size 16", "hidden size 32"]
    for axes in made.axes:
        drawn = [one for one in axes.lines if len(one.get_xdata())]
        (line,) = [one for one in drawn if one.get_marker() == LOOKS[0].marker]
        asked = np.array([38 * 500, 38 * 1000])
        # Side by side, where one would hide the other; the second of three in its place.
        assert list(line.get_xdata()) == pytest.approx(asked / APART)
        np.testing.assert_allclose(line.get_ydata(), [np.sqrt(500), np.sqrt(2000)], rtol=1e-6)
        assert line.get_color() == LOOKS[0].colour
        arrows = [one for one in drawn if one.get_marker() == UP]
        assert [one.get_color() for one in arrows] == [LOOKS[1].colour, LOOKS[2].colour]
        for one, aside in zip(arrows, (1, APART), strict=True):
            assert sorted(one.get_xdata()) == pytest.approx(asked * aside)
            assert list(one.get_ydata()) == [80, 80]
        assert axes.get_xticks().tolist() == [19_000, 38_000]
    assert [text.get_text() for text in made.legends[0].get_texts()] == ["gru", "lru", "srn"]
    assert steps({"data.copies": 1, "data.batch_size": 32, "trainer.max_epochs": 10}) == 40
