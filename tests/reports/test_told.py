"""What a report says on terminals of any width and kind: every number whole, every job by name."""

import csv
import json
import re
from pathlib import Path

import pytest

from digitsum.reports.picture import table
from digitsum.reports.report import facts, notes, report
from digitsum.reports.table import csv_of, head, narrow, rows
from digitsum.runs.table import show_run, spread
from digitsum.sweeps.collected import collect
from digitsum.sweeps.made import Made

from ..invented import chosen

CELLS = ("srn", "srn_residual", "gru")
JOBS = [
    {"model": model, "data.length": length, "lr": lr, "test": 0.1 * place + length / 1000}
    for place, model in enumerate(CELLS, 1)
    for length in (5, 35)
    for lr in (0.001, 0.0001)
]


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    report(folder, {"answers": [], "figures": [], "tables": [], "claims": []})
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().out).splitlines()


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, term: str) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # Rich takes it for a terminal then
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("LINES", raising=False)


@pytest.mark.parametrize("term", ["xterm", "dumb"])
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_no_number_is_cut(
    columns: int,
    term: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    on_a_terminal(monkeypatch, columns, term)
    found = chosen(tmp_path / "s", JOBS)
    lines = told(tmp_path / "s", capsys)
    text = "\n".join(lines)
    assert "…" not in text
    for job in found.complete:
        assert str(job.tested) in text
        assert job.settings["model"] in text
    last = next(index for index, line in enumerate(lines) if line.startswith("Answer   "))
    wide = 80 if term == "dumb" else columns  # Rich takes a dumb terminal for one of 80
    assert max(map(len, lines[1:last])) <= wide
    # What is the same in all rows is said once, above.
    assert lines[0].strip() == "12 of 12 jobs complete, 8 replicas, by chance 0.10 (always 9)"
    assert "diverged" not in text


def test_in_a_pipe_a_table_is_as_wide_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    chosen(tmp_path / "s", JOBS)
    rows = [line for line in told(tmp_path / "s", capsys) if line.startswith("│")]
    assert len(rows) == len(JOBS)
    assert rows[0].split("│")[1:4] == [" srn          ", " 0.001  ", " 5           "]


def five_of_which_one_diverged(job: Path) -> None:
    """Of a job's eight replicas."""
    path = job / "results.json"
    known = json.loads(path.read_text())
    known["replicas"] = known["replicas"][:5]
    known["replicas"][2]["diverged_at"] = 7
    path.write_text(json.dumps(known))


def test_who_diverged_and_who_had_other_counts_has_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen(tmp_path / "s", JOBS[:3])
    five_of_which_one_diverged(tmp_path / "s" / "1")
    lines = told(tmp_path / "s", capsys)
    assert lines[0].strip().startswith("3 of 3 jobs complete, by chance")
    assert re.search(r"replicas +┃ diverged", "\n".join(lines))
    assert [re.sub(r"\D+", " ", line).split()[-2:] for line in lines if line.startswith("│")] == [
        ["8", "0"],
        ["5", "1"],
        ["8", "0"],
    ]


def test_a_job_without_a_result_has_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen(tmp_path / "s", JOBS[:4])
    listed = json.loads((tmp_path / "s" / "sweep.json").read_text())
    for number, one in enumerate(listed["jobs"]):
        settings = JOBS[number]
        one["overrides"] = [f"data.length={settings['data.length']}", f"lr={settings['lr']}"]
    (tmp_path / "s" / "sweep.json").write_text(json.dumps(listed))
    (tmp_path / "s" / "2" / "results.json").unlink()
    (tmp_path / "s" / "3" / "results.json").rename(tmp_path / "s" / "3" / "gone")
    failed = {"schema": 1, "status": "failed", "error": "no memory", "settings": {}}
    (tmp_path / "s" / "3" / "failure.json").write_text(json.dumps(failed))
    lines = told(tmp_path / "s", capsys)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert rows[2][:3] == ["0.001", "missing", ""] or "missing" in rows[2]
    assert "0.0001" in rows[3]
    assert "failed" in rows[3]
    assert "Failed   3: no memory" in lines
    page = (tmp_path / "s" / "report.md").read_text()
    assert "| failed: no memory |" in page
    assert "| missing: no result yet |" in page


def test_one_replica_has_no_dashes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nan = float("nan")
    one = {"mean": 0.5, "low": nan, "high": nan, "min": 0.5, "max": 0.5, "replicas": 1}
    assert spread(one) == "0.500"
    measures = ("test_accuracy", "best_dev_accuracy", "final_train_loss", "final_dev_loss")
    result = {"replicas": [{"seed": 0}], "chance": 0.1, "seconds": 3.2}
    result["summary"] = dict.fromkeys(measures, one)
    show_run(result, tmp_path, [], None, [], "")
    shown = capsys.readouterr().out
    assert "[" not in shown.replace("[95 %", "")
    assert " - " not in shown
    assert "-" not in "".join(line for line in shown.splitlines() if line.startswith("│"))
    show_run(result, tmp_path, [], "test_accuracy", [], "")
    assert capsys.readouterr().out == "    test accuracy 0.500, 3 s\n"


def test_how_it_was_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = {"command": "python train.py -m lr=0.1,0.01", "commit": "abc1234"}
    made |= {"machine": "Linux x86_64, Some Processor, 2 cores"}
    jobs = [dict(job, result={"seconds": 60.0 * n}) for n, job in enumerate(JOBS[:3], 1)]
    chosen(tmp_path / "s", jobs, made=made, started=86_400 * 365)
    told(tmp_path / "s", capsys)
    words = (
        "Begun 1971-01-01 00:00 UTC at commit abc1234. On Linux x86_64, Some Processor, 2 cores."
    )
    words += " 3 jobs took 6 min, 60 s to 3 min each."
    for name in ("report.md", "report.html"):
        page = (tmp_path / "s" / name).read_text()
        assert words in page
        assert "python train.py -m lr=0.1,0.01" in page


def test_jobs_that_make_one_row_have_taken_their_time_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three jobs, of which two differ in their seeds alone."""
    jobs = [
        {"lr": lr, "seed": seed, "result": {"seconds": seconds}}
        for lr, seed, seconds in ((0.1, 0, 10), (0.1, 8, 200), (0.2, 0, 30))
    ]
    chosen(tmp_path / "s", jobs)
    told(tmp_path / "s", capsys)
    page = (tmp_path / "s" / "report.md").read_text()
    assert "3 of 3 jobs complete" in page
    assert "3 jobs took 4 min, 10 s to 3 min each." in page


def test_what_a_manifest_says_of_its_making_is_words_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = {"command": "<script>x</script>\n# y", "commit": ["a"], "machine": 3, "more": {}}
    chosen(tmp_path / "s", JOBS[:3], made=hostile)
    told(tmp_path / "s", capsys)
    page = (tmp_path / "s" / "report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;x&lt;/script&gt; # y" in page
    assert "\n    <script>x</script> # y\n" in (tmp_path / "s" / "report.md").read_text()


def test_one_job_has_no_range_of_times() -> None:
    assert Made().told([3.2]) == ["One job took 3.2 s."]
    assert Made().told([3.2, 10.0]) == ["2 jobs took 13 s, 3.2 s to 10 s each."]
    assert Made().told([]) == []


@pytest.mark.parametrize(("data", "told"), [("blog", True), ("digitsum", False)])
def test_that_all_replicas_share_the_blogs_files_is_told(
    data: str, told: bool, tmp_path: Path
) -> None:
    found = chosen(tmp_path, [{"data": data}])
    (words,) = [one for one in notes(found) if "files" in one] or [""]
    assert words.startswith("With data=blog all replicas share the same files") == told


def test_how_many_test_sequences_were_in_training_is_told(tmp_path: Path) -> None:
    found = chosen(tmp_path, [{}])
    assert not [one for one in notes(found) if "also occur" in one]
    (result,) = tmp_path.glob("*/results.json")
    known = json.loads(result.read_text())
    for count, replica in enumerate(known["replicas"], 3):
        replica["test_seen_in_train"] = count
    result.write_text(json.dumps(known | {"versions": {"python": "3", "torch": "2"}}))
    told = notes(collect(tmp_path))
    assert "Of 100 test sequences 3 to 10 also occur in a replica's training examples." in told
    assert "Made with python 3, torch 2." in told


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((8, 8), ["8 replicas a setting"]),
        ((1, 1), ["1 replica a setting"]),
        ((4, 8), ["4 to 8 replicas a setting"]),
        ((2, 5, 8), ["2 to 8 replicas a setting"]),
        ((), []),
    ],
)
def test_how_many_replicas_there_are(
    counts: tuple[int, ...], words: list[str], tmp_path: Path
) -> None:
    chosen(tmp_path, [{"lr": 0.1 * (i + 1)} for i in range(max(1, len(counts)))])
    for number, count in enumerate(counts):
        path = tmp_path / f"{number}" / "results.json"
        known = json.loads(path.read_text())
        path.write_text(json.dumps(known | {"replicas": known["replicas"][:count]}))
    if not counts:
        (tmp_path / "0" / "results.json").unlink()
    done, *replicas, chance = facts(collect(tmp_path))
    assert done == f"{len(counts)} of {max(1, len(counts))} jobs complete"
    assert replicas == words
    assert chance.startswith("accuracy by chance")


def test_a_row_is_as_long_as_its_head_whatever_became_of_the_job(tmp_path: Path) -> None:
    chosen(tmp_path, JOBS[:4])
    (tmp_path / "2" / "results.json").unlink()
    five_of_which_one_diverged(tmp_path / "1")
    found = collect(tmp_path)
    _, titles, body = narrow(found)
    assert {len(row) for row in body} == {len(titles)}
    assert {len(row) for row in rows(found)} == {len(head(found))}
    text = csv_of(found)
    assert "\r" not in text
    read = list(csv.reader(text.splitlines()))
    assert len({len(row) for row in read}) == 1
    assert len(read) == 1 + 8 + 5 + 8 + 1


def test_a_card_counts_the_rows_that_it_has_no_room_for() -> None:
    made = table(["lr", "accuracy"], [[f"{i}", "x" * 50] for i in range(20)], "Results")
    (axes,) = made.axes
    (drawn,) = axes.tables
    cells = {place: cell.get_text().get_text() for place, cell in drawn.get_celld().items()}
    assert axes.get_title() == "Results; 6 more rows under Text"
    assert (cells[0, 0], cells[0, 1], cells[14, 0]) == ("lr", "accuracy", "13")
    assert max(place[0] for place in cells) == 14
    assert cells[1, 1] == "x" * 40
    one, other = (drawn.get_celld()[1, column].get_width() for column in (0, 1))
    assert (one / other, one + other) == pytest.approx((4 / 42, 1))
    assert not axes.axison
    assert table(["a"], [["1"]], "Results").axes[0].get_title() == "Results"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({}, "lengths=5,10,20,40"),
        ({"data.distractors": 9}, "lengths=20,40"),
        ({"data.distractors": "all"}, "lengths=5,10,20,40"),
        ({"data.dir": "/home/me/own"}, "split=dev"),
    ],
    ids=str,
)
def test_what_to_ask_next(
    setting: dict[str, object],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen(tmp_path / "s", [{"lr": 0.1} | setting, {"lr": 0.2} | setting])
    (line,) = [one for one in told(tmp_path / "s", capsys) if one.startswith("Next")]
    assert line.split()[-1] == words
