"""What is printed: times in words, and tables that are never cut."""

from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from digitsum import paper


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.95, "10 s"),
        (10.5, "10 s"),
        (89.9, "90 s"),
        (90, "2 min"),
        (7199, "120 min"),
        (7200, "2.0 h"),
        (9000, "2.5 h"),
    ],
)
def test_a_time_in_words(seconds: float, said: str) -> None:
    assert paper.duration(seconds) == said


def printed(
    table: Table, monkeypatch: pytest.MonkeyPatch, width: int, most: int | None = None
) -> list[str]:
    """Lines on a terminal so wide."""
    out = StringIO()

    def console(own: int | None = None) -> Console:
        return Console(file=out, width=own or width, force_terminal=True, color_system=None)

    monkeypatch.setattr(paper, "paper", console)
    paper.show(table, most)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def of(*rows: tuple[str, ...]) -> Table:
    table = Table(*(f"column {i}" for i in range(len(rows[0]))), title="Title")
    for row in rows:
        table.add_row(*row)
    return table


def test_too_wide_a_row_is_told_below_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: `column 0 a, column 1 b` are 22 characters, a third would be 34."""
    lines = printed(of(("a", "b", "c"), ("d", "", "f")), monkeypatch, 24)
    assert lines == ["Title", "column 0 a, column 1 b", "  column 2 c", "column 0 d, column 2 f"]
    # Two less for what is indented: exactly as much as fits stays on the line.
    lines = printed(of(("a", "b", "c")), monkeypatch, 24)
    assert lines[1:] == ["column 0 a, column 1 b", "  column 2 c"]
    lines = printed(of(("a", "b", "c")), monkeypatch, 23)
    assert lines[1:] == ["column 0 a", "  column 1 b", "  column 2 c"]


def test_a_table_goes_without_lines_before_it_is_taken_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wide = printed(of(("a", "b", "c")), monkeypatch, 60)
    assert any("┃" in line for line in wide)
    bare = printed(of(("a", "b", "c")), monkeypatch, 30)
    assert bare[1].split() == ["column", "0", "column", "1", "column", "2"]
    assert not any("┃" in line for line in bare)


def test_words_are_wrapped_at_most_so_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    words = " ".join(["word"] * 60)
    for width, most, widest in ((200, 80, 80), (70, 80, 70), (40, 80, 60), (200, 400, 200)):
        lines = printed(of((words, "x")), monkeypatch, width, most)
        assert max(map(len, lines)) == widest, (width, most)
        assert "".join(lines).count("word") == 60
    short = printed(of(("word", "x")), monkeypatch, 200, 80)
    assert max(map(len, short)) == 23  # as wide as it takes
