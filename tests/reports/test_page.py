"""The report's page: one file, nothing fetched, every drawn value told and true."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from omegaconf import OmegaConf

from digitsum.figures.hover import hover
from digitsum.figures.svg import inline
from digitsum.questions.forest import Forest, Row, forest
from digitsum.questions.lengths import at_the_longest
from digitsum.questions.settings import best_setting
from digitsum.reports.report import report
from digitsum.sweeps.collected import collect

from ..conftest import REPO
from ..invented import invented, sweep

ACCURACY = "digitsum.questions.settings.accuracy"
FORGETS = "digitsum.questions.forgetting.plain_srn_forgets"
TURNS = "digitsum.questions.turning.accuracy_turns"
VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """What is in a page: its tags in order, its ids, what it links to; tags must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        known = dict(attrs)
        self.ids += [known["id"] or ""] if "id" in known else []
        self.links += [
            value or "" for key, value in attrs if key in ("href", "src", "xlink:href", "action")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    cells = {"srn": 0.8, "srn_residual": 0.95, "lstm": 0.97}
    invented(folder, cells, {"srn": 0.2, "srn_residual": 0.01, "lstm": 0.03})
    manifest = json.loads((folder / "sweep.json").read_text())
    manifest["study"] = "accuracy_vs_length"
    manifest["report"] = {
        "figures": [{"_target_": ACCURACY}],
        "claims": [{"_target_": FORGETS}],
    }
    (folder / "sweep.json").write_text(json.dumps(manifest))
    report(folder)
    return folder


def test_a_page_is_one_file_without_a_script(reported: Path) -> None:
    text = (reported / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    assert not {"script", "link", "iframe", "object", "embed"} & set(page.tags)
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    assert "http://" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text).replace("http://www.w3", "")
    assert len(page.ids) == len(set(page.ids))
    within = {link[1:] for link in page.links if link.startswith("#")}
    assert within <= set(page.ids)
    assert not re.search(r"\son\w+=", text)


def test_a_page_asks_answers_shows_and_proves_in_this_order(reported: Path) -> None:
    text = (reported / "report.html").read_text(encoding="utf-8")
    told = ["How does accuracy fall with length", "At length 35 test accuracy", "<figure", "Claims"]
    places = [text.index(words, text.index("<main>")) for words in told]
    assert places == sorted(places)
    assert "0.200" in text[text.index('id="claim-1"') :]  # per ten digits, as we made them fall


def test_a_point_tells_its_value_and_its_interval(reported: Path) -> None:
    titles = re.findall(r"<title>(.*?)</title>", (reported / "report.html").read_text("utf-8"))
    found = collect(reported)
    for job in found.complete:
        values = job.values("test_accuracy")
        mine = f"{job.settings['model']} at {job.settings['data.length']}: {values.mean():.3f} ["
        assert sum(title.startswith(mine) for title in titles) >= 1, mine
    (slope,) = [title for title in titles if title.startswith("slope")]
    assert re.fullmatch(r"slope: -0\.20\d \[-0\.2\d\d, -0\.\d{3}\]", slope)


def test_markers_tell_each_its_own_and_a_line_one_for_all() -> None:
    made = Figure()
    axes = made.subplots()
    (line,) = axes.plot([0, 1, 2], [1, 2, 3], marker="o")
    hover(line, ["first & <last>", "second", "third"])
    (other,) = axes.plot([0, 1, 2], [3, 2, 1])
    hover(other, ["all"])
    page = inline(made, "a name")
    assert re.findall(r"<title>(.*?)</title>", page) == [
        *("first &amp; &lt;last&gt;", "second", "third", "all")
    ]
    assert len(re.findall(r"<use [^>]*><title>", page)) == 3
    assert inline(made, "a name") == page
    ids = set(re.findall(r' id="([^"]*)"', page))
    assert ids
    assert not ids & set(re.findall(r' id="([^"]*)"', inline(made, "another")))


def test_what_is_black_on_paper_is_seen_in_the_dark() -> None:
    made = Figure()
    made.subplots().axhline(0, color="black")
    assert "#000000" not in inline(made, "x")
    assert "currentColor" in inline(made, "x")


def test_a_forest_tells_what_is_clear_of_the_threshold() -> None:
    rows = [Row("5", 0.3, 0.2, 0.4), Row("10", 0.0, -0.1, 0.1), Row("15", -0.3, -0.4, -0.2)]
    axes = forest(Forest("difference", rows, signed=True)).axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    hollow = [point.get_markerfacecolor() == "white" for point in points]
    assert hollow == [False, True, False]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["5", "10", "15"]


def test_the_best_is_chosen_on_dev(tmp_path: Path) -> None:
    jobs = [
        {"lr": 0.1, "dev": 0.3, "test": 0.9},
        {"lr": 0.01, "dev": 0.8, "test": 0.7},
        {"lr": 0.001, "dev": 0.1, "test": 0.2},
    ]
    sweep(tmp_path, jobs)
    words = best_setting(collect(tmp_path))
    assert words.startswith("Best on dev is lr=0.01, with test accuracy 0.700 [")
    assert "worst is lr=0.001, with 0.200 [" in words


def test_the_longest_length_that_all_have_is_answered_for(tmp_path: Path) -> None:
    jobs = [
        {"data.length": length, "model": model, "dev": value, "test": value}
        for model, values in {"srn": (0.8, 0.4, 0.2), "gru": (0.9, 0.7)}.items()
        for length, value in zip((5, 10, 20), values, strict=False)
    ]
    sweep(tmp_path, jobs)
    words = at_the_longest(collect(tmp_path))
    assert words.startswith("At length 10 test accuracy is gru: 0.700 [")
    assert "; srn: 0.400 [" in words
    assert "At length 5 it is 0.800 to 0.900" in words


def test_a_large_page_stays_small(tmp_path: Path) -> None:
    # 256 replicas a job: their dots are an image, whatever their number.
    cells = dict.fromkeys(("srn", "srn_residual", "gru", "lstm"), 0.9)
    invented(tmp_path, cells, dict.fromkeys(cells, 0.1))
    for path in tmp_path.glob("*/results.json"):
        result = json.loads(path.read_text())
        result["replicas"] = [
            one | {"seed": 8 * i + one["seed"]} for i in range(32) for one in result["replicas"]
        ]
        path.write_text(json.dumps(result))
    manifest = json.loads((tmp_path / "sweep.json").read_text())
    manifest["report"] = {"figures": [{"_target_": ACCURACY}]}
    (tmp_path / "sweep.json").write_text(json.dumps(manifest))
    report(tmp_path)
    assert "256 replicas a setting" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "report.html").stat().st_size < 1_000_000


@pytest.mark.faults
def test_a_sweep_of_which_nothing_is_complete_has_a_page(tmp_path: Path) -> None:
    sweep(tmp_path, [{"data.length": n, "dev": 0.5, "test": 0.5} for n in (5, 10, 20)])
    for path in tmp_path.glob("*/results.json"):
        result = json.loads(path.read_text())
        del result["replicas"]
        result |= {"status": "failed", "error": "OSError: " + "no room " * 30}
        path.write_text(json.dumps(result))
        path.with_name("events.out.tfevents.0").touch()
    manifest = json.loads((tmp_path / "sweep.json").read_text())
    conf = OmegaConf.load(REPO / "conf" / "report" / "default.yaml")
    manifest["report"] = OmegaConf.to_container(conf)
    (tmp_path / "sweep.json").write_text(json.dumps(manifest))
    report(tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "0 of 3 jobs complete" in text
    assert "no room" in text
    assert list((tmp_path / "answer").glob("events*"))


def test_a_claim_is_silent_where_a_sweep_is_not_about_it(tmp_path: Path) -> None:
    """Every mean at chance after a few steps refutes nothing; the page says so before all else."""
    folder = tmp_path / "sweep"
    invented(folder, {"srn": 0.1, "lstm": 0.1}, {"srn": 0.0, "lstm": 0.0}, spread=0.002)
    for path in folder.glob("*/results.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"optimizer_steps": 760}))
    report(folder, shown={"claims": [{"_target_": FORGETS}, {"_target_": TURNS}]})
    told = (folder / "report.md").read_text()
    why = "Not judged here: claims 1, 4, about 19,000 optimizer steps; the jobs here took 760."
    for text in (told, (folder / "report.html").read_text()):
        assert why in text
        assert "Nothing has been learnt yet" in text
        assert "refuted" not in text.partition("</style>")[2]
    assert told.index("Nothing has been learnt yet") < told.index("At length 35")


def test_a_turning_point_needs_a_length_where_it_might_be(tmp_path: Path) -> None:
    invented(tmp_path, {"srn": 0.9}, {"srn": 0.1})
    manifest = json.loads((tmp_path / "sweep.json").read_text())
    manifest["jobs"] = [
        job
        for job in manifest["jobs"]
        if "length=5," in job["folder"]
        or "length=10" in job["folder"]
        or "length=15" in job["folder"]
    ]
    (tmp_path / "sweep.json").write_text(json.dumps(manifest))
    report(tmp_path, shown={"claims": [{"_target_": FORGETS}, {"_target_": TURNS}]})
    told = (tmp_path / "report.md").read_text()
    assert "### 1." in told
    assert "### 4." not in told
    assert "claim 4, about the blog's settings, with length 25 or 30" in told
    assert "Nothing has been learnt" not in told
