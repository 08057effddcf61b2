"""What the documents promise: the notebook runs, and shows what it says."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from .conftest import REPO, Command

DOCS = REPO / "docs"


def test_the_tour_runs() -> None:
    book = nbformat.read(DOCS / "tour.ipynb", as_version=4)
    place = {"metadata": {"path": str(DOCS)}}
    NotebookClient(book, timeout=240, resources=place).execute()  # raises where a cell does
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 5
    printed = "".join(output.get("text", "") for output in outputs)
    assert "0.3177 0.4775" in printed  # the textbook's worked example
    assert "6 of 6 jobs complete" in printed
    assert "guessing: 0.53 (always 1)" in printed  # counted in the files


def test_the_findings_in_chinese_follow_the_english_ones() -> None:
    sys.path.insert(0, str(REPO / "tools"))
    from translation import translated  # type: ignore[import-not-found]

    def between_marks(name: str, mark: str = "findings") -> str:
        text = (REPO / name).read_text(encoding="utf-8")
        return text.partition(f"<!-- {mark} -->\n")[2].partition(f"<!-- /{mark} -->")[0]

    phrases = REPO / "tools" / "findings.zh.yaml"
    english = (DOCS / "findings.md").read_text(encoding="utf-8")
    assert translated(english, phrases) == (DOCS / "findings.zh.md").read_text(encoding="utf-8")
    assert translated(between_marks("README.md"), phrases) == between_marks("README.zh.md")
    own = REPO / "tools" / "why.zh.yaml"
    why = translated((DOCS / "why.md").read_text(encoding="utf-8"), own, phrases)
    assert why == (DOCS / "why.zh.md").read_text(encoding="utf-8")
    lines = between_marks("README.md", "why")
    assert lines.count("\n") == 3
    assert translated(lines, own, phrases) == between_marks("README.zh.md", "why")
    with pytest.raises(SystemExit, match="no phrase for unheard"):
        translated("unheard", phrases)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readmes_python_shows_what_it_does(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Command,
) -> None:
    monkeypatch.chdir(tmp_path)
    made = command(
        "train.py", "trainer.max_epochs=2", "replicas=2", "hydra.run.dir=outputs/DATE/TIME"
    )
    assert made.returncode == 0, made.stderr
    blocks = re.findall(r"```python\n(.*?)```", (REPO / name).read_text("utf-8"), flags=re.S)
    values = []
    for block in blocks:
        shown: dict[str, object] = {}
        *lines, last = block.rstrip().splitlines()
        exec("\n".join(lines), shown)
        values.append(eval(last, shown))
    asked, tested = values
    assert repr(asked).startswith("6 7 0 0 1 0 0 0 0 0 -> ")
    assert "right is 13, by " in repr(asked)
    assert [set(one) for one in tested] == [{"test/accuracy_of_best"}]
    assert 0 <= tested[0]["test/accuracy_of_best"] <= 1
    printed = capsys.readouterr().out
    assert printed.count("test/accuracy_of_best") == 1  # the table that it promises


def test_the_page_of_cells_is_as_the_cells_are() -> None:
    sys.path.insert(0, str(REPO / "tools"))
    from make_cells import page  # type: ignore[import-not-found]

    assert page() == (DOCS / "cells.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "word"), [("README.md", "span"), ("README.zh.md", "跨度")])
def test_no_span_in_the_readmes_is_wider_than_the_rule_allows(name: str, word: str) -> None:
    """docs/method.md: the interval's ends are within a factor of 1.25; each is on a page."""
    text = (REPO / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if word in line and "span_budget" not in line]
    said = [one for line in lines for one in re.findall(r"([\d.]+) \[([^,]+), ([^\]]+)\]", line)]
    assert len(said) > 5
    pages = "".join(path.read_text("utf-8") for path in (DOCS / "results").glob("memory_span*.md"))
    for span, low, high in said:
        assert float(low) <= float(span) <= float(high) <= 1.25 * float(low)
        assert f"| {span} [{low}, {high}] |" in pages


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_by_what_spans_grow_in_the_readmes_is_on_a_page_and_narrow(name: str) -> None:
    text = (REPO / name).read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "docs/results/span_budget" in line]
    said = re.findall(r"([\d.]+) \[([\d.]+), ([\d.]+)\] \(`(\w+)`\)", line)
    assert said
    pages = "".join(path.read_text("utf-8") for path in (DOCS / "results").glob("span_budget*.md"))
    for factor, low, high, cell in said:
        assert float(low) <= float(factor) <= float(high) <= 1.25 * float(low)
        assert f" {factor} [{low}, {high}] ({cell})" in pages
        assert f"at least {factor} [{low}, {high}] ({cell})" not in pages


def test_the_larger_of_two_studies_of_budgets_says_first_by_what_a_span_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sys.path.insert(0, str(REPO / "tools"))
    import make_cells
    import make_spans

    (tmp_path / "docs" / "results").mkdir(parents=True)
    monkeypatch.setattr(make_cells, "ROOT", tmp_path)
    assert make_spans.longer()[0] == []
    answers = {
        "span_budget": "1.56 [1.44, 1.68] (lru), 1.32 [1.23, 1.42] (lstm), at least 1.46 [1.36, "
        "1.55] (srn_residual), 1.59 [1.27, 1.91] (srn_orthogonal). With twice the hidden size a "
        "span is longer by a factor of 1.27 [1.13, 1.41] (gru).",
        "span_budget_large": "1.50 [1.40, 1.60] (lru).",
    }
    for study, answer in answers.items():
        words = f"With twice the optimizer steps a span is longer by a factor of {answer}"
        path = tmp_path / "docs" / "results" / f"{study}.md"
        path.write_text(f"# {study}\n\n{words}\n", encoding="utf-8")
    told, where = make_spans.longer()
    assert told == ["1.50 [1.40, 1.60] (`lru`)", "1.32 [1.23, 1.42] (`lstm`)"]
    assert where == "docs/results/span_budget_large.md"
    path.write_text(path.read_text("utf-8").replace("of 1.50", "of at least 1.50"), "utf-8")
    told, where = make_spans.longer()  # a least factor isn't said
    assert told == ["1.56 [1.44, 1.68] (`lru`)", "1.32 [1.23, 1.42] (`lstm`)"]
    assert where == "docs/results/span_budget.md"


def test_a_span_is_told_with_the_replicas_at_its_ends() -> None:
    sys.path.insert(0, str(REPO / "tools"))
    from make_spans import told  # type: ignore[import-not-found]

    measured = "10 (8): 0.99; 16 (32): 0.86; 20 (24): 0.55; 26 (16): 0.3; 40 (8): 0.2"
    assert told("20 [16, 20]", measured) == ("20 [16, 20]", 20, {32, 24})
    assert told("20 [16, 20.1]", measured) is None
    assert told("131 [88, > 160]", measured) is None
    assert told("none (below 0.5 at 5)", measured) is None
    assert told("> 160", measured) == ("> 160", 160.5, set())
    assert told("> 160 [131, > 160]", measured) is None


def test_a_span_is_the_longest_searchs_where_that_is_narrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/method.md, on pages made up for it."""
    sys.path.insert(0, str(REPO / "tools"))
    import make_cells
    import make_spans  # type: ignore[import-not-found]

    pages = {  # with the low end of accuracy at the longest length
        "memory_span": [
            *(("gru", "> 160", 0.9), ("mgu", "> 160", 0.5), ("ugrnn", "> 160", 0.9)),
            *(("irnn", "> 160", 0.499), ("srn", "15.1 [13.5, 16.7]", 0.1)),
        ],
        "memory_span_long": [
            *(("gru", "300 [270, 330]", 0.1), ("mgu", "300 [200, 400]", 0.1)),
            *(("ugrnn", "> 640", 0.9), ("lru", "> 640 [600, > 640]", 0.49)),
        ],
    }
    (tmp_path / "docs" / "results").mkdir(parents=True)
    for study, told in pages.items():
        lines = ["| cell | span [95 %] | lr | measured at |", "| --- | --- | --- | --- |"]
        lines += [f"| {cell} | {words} | 0.01 | 300 (32): 0.5 |" for cell, words, _ in told]
        lines += ["", "| model | lr | data.length | test accuracy | 95 % interval |"]
        for cell, words, low in told:
            longest = words.removeprefix("> ").split()[0]
            lines += [f"| {cell} | 0.01 | {longest} | 0.95 | {low} - 1.0 |"]
            lines += [f"| {cell} | 0.03 | {longest} | 0.2 | 0.1 - 0.3 |"]  # not the best rate
        text = "\n".join(lines) + "\n"
        (tmp_path / "docs" / "results" / f"{study}.md").write_text(text, encoding="utf-8")
    for module in (make_cells, make_spans):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    found = make_spans.published(*((study, make_cells.SPAN) for study in make_spans.STUDIES))
    assert {cell: one.words for cell, one in found.items()} == {
        "srn": "15.1 [13.5, 16.7]",
        "mgu": "> 160",
        "gru": "300 [270, 330]",
        "ugrnn": "> 640",
    }
    assert [*found] == ["srn", "mgu", "gru", "ugrnn"]
    assert make_cells.spans(*make_spans.STUDIES)["gru"] == "300 [270, 330]"


def test_the_first_picture_shows_what_is_said() -> None:
    sys.path.insert(0, str(REPO / "tools"))
    from span_picture import picture  # type: ignore[import-not-found]

    fresh = {"lru": "56 [54, 65]", "gru": "> 160", "srn": "15.1 [13.5, 16.7]"}
    (axes,) = picture(fresh, {"srn": "13.2 [12.6, 14.2]", "gru": "> 320"}).axes
    drawn = [(*line.get_xdata(), round(float(line.get_ydata()[0]), 2)) for line in axes.lines]
    bars, points = drawn[::2], drawn[1::2]
    assert sorted(bars) == [
        *((12.6, 14.2, 2.25), (13.5, 16.7, 2.0)),
        *((54, 65, 1.0), (160, 160, 0.0), (320, 320, 0.25)),
    ]
    assert sorted(points) == [(13.2, 2.25), (15.1, 2.0), (56, 1.0), (160, 0.0), (320, 0.25)]
    beyond = [line.get_marker() == ">" for line in axes.lines[1::2]]
    assert beyond == [place in (160, 320) for place, _ in points]
    assert [one.get_text() for one in axes.get_yticklabels()] == ["gru", "lru", "srn"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the longest above
    assert [one.get_text() for one in axes.texts] == [fresh[one] for one in ("gru", "lru", "srn")]


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len((REPO / "README.md").read_text("utf-8").split()) <= 1500


@pytest.mark.parametrize("english", ["README.md", "docs/using.md"])
def test_the_chinese_pages_say_the_same(english: str) -> None:
    """The same commands, keys, choices, pictures and sections, in the same order."""

    def told(name: str) -> dict[str, list[str]]:
        text = (REPO / name).read_text(encoding="utf-8")
        fences = re.findall(r"```(?:sh|powershell|python)\n(.*?)```", text, flags=re.S)
        lines = "\n".join(fences).splitlines()
        rows = re.findall(r"^\| (`.*?)\|(.*?)\|", text, flags=re.M)
        return {
            "commands": [re.sub(r"\s*# .*", "", line) for line in lines],
            "keys": sorted(key.strip() for key, _ in rows),
            "choices": sorted(" ".join(sorted(re.findall("`[^`]*`", words))) for _, words in rows),
            "pictures": re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text),
            "sections": ["#" for _ in re.findall(r"^## ", text, flags=re.M)],
        }

    one, other = told(english), told(english.replace(".md", ".zh.md"))
    for kind, found in one.items():
        assert found == other[kind], kind


PAGES = [
    page
    for place in (".", "docs", "docs/results", "benchmarks")
    for page in (REPO / place).glob("*.md")
]


def anchors(text: str) -> set[str]:
    """What headings can be linked by, as GitHub makes it of them."""
    heads = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{page.name}: {link}"


def test_every_figure_of_the_documents_is_shown() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [one.name for one in DOCS.glob("figures/*") if one.name not in shown] == []
