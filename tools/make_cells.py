"""Makes `docs/cells.md`: every cell with its equation, its source, and what it takes.

python tools/make_cells.py

Equations are the classes' docstrings, times those that `benchmarks/every_cell.py` has left in
`benchmarks/results/cells.json`, spans those of the studies' pages.
"""

import inspect
import json
import re
from pathlib import Path

from digitsum.network.cells import Cell
from digitsum.runs.notebook import compose
from digitsum.runs.search_path import CONF

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# The cells

Each is one class in `src/digitsum/network/cells/` and one YAML in `conf/model/`; its `step` is its
equation, and what is trained is compiled from it. `x W + b` of a gate is what the sequence brings,
`h U` what the state brings; products between vectors are element by element. Every cell takes
`model.hidden_size`, and `model.layers` puts it above itself. Parameters are those of the cell
alone, with hidden size and embedding 32; a step is a replica's optimizer step of 8 sequences of
length 35, among 32 replicas on two cores (`benchmarks/every_cell.py`); spans are on fresh examples
([memory_span](results/memory_span.md), [presets](results/memory_span_presets.md),
[long](results/memory_span_long.md), [small](results/memory_span_small.md)) and on 300 learnt by
heart ([memory_span_grid](results/memory_span_grid.md)).

| `model=` | parameters | states | us a step | span, fresh | span, by heart |
|---|---|---|---|---|---|
"""


SPAN = "span [95 %]"  # the heading of a column


# Those that seek spans on fresh examples; the first that says a cell's is taken.
STUDIES = ("memory_span_long", "memory_span", "memory_span_presets", "memory_span_small")


def page_of(study: str) -> str:
    """A study's page; empty of a study that has none."""
    path = ROOT / "docs" / "results" / f"{study}.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def rows(study: str) -> dict[str, dict[str, str]]:
    """What a study's page says of spans: by preset the cells of its row, by their headings. Nothing
    of a study that has no page.
    """
    text = page_of(study)
    if not text:
        return {}
    table = re.search(rf"^\| cell \| {re.escape(SPAN)} .*?(?=\n\n)", text, flags=re.M | re.S)
    assert table is not None, f"{study} has no table of spans"
    head, _, *lines = [
        [one.strip() for one in line.strip("|").split("|")] for line in table[0].splitlines()
    ]
    return {line[0]: dict(zip(head, line, strict=True)) for line in lines}


def spans(*studies: str) -> dict[str, str]:
    """By preset, as the first of the studies' pages that has it."""
    found: dict[str, str] = {}
    for study in studies:
        found = {preset: row[SPAN] for preset, row in rows(study).items()} | found
    return found


def times() -> dict[str, float]:
    path = ROOT / "benchmarks" / "results" / "cells.json"
    found: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
    return {name: one["32 replicas"] for name, one in found.items()}


def said(kind: type[Cell]) -> str:
    """A class's docstring without what its arguments are."""
    text = inspect.cleandoc(kind.__doc__ or "")
    return text.partition("\n\nArgs:")[0]


def page() -> str:
    """cells.md."""
    heart, taken = spans("memory_span_grid"), times()
    fresh = spans(*STUDIES)
    lines, kinds = [], {}
    for path in sorted((CONF / "model").glob("*.yaml")):
        cell = compose(f"model={path.stem}")[1].classifier.cell
        count = sum(one.numel() for one in cell.parameters())
        took = f"{taken[path.stem]:.1f}" if path.stem in taken else ""
        states = ", ".join(cell.states)
        both = f"{fresh.get(path.stem, '')} | {heart.get(path.stem, '')}"
        kind = type(next(iter(cell.layers_by_name().values())))
        anchor = kind.__name__
        lines.append(
            f"| [{path.stem}](#{anchor.lower()}) | {count:,} | {states} | {took} | {both} |"
        )
        kinds.setdefault(kind, []).append((path.stem, _first_comment(path)))
    parts = []
    for kind, presets in kinds.items():
        named = "\n".join(f"- `model={name}`: {words}" for name, words in presets)
        parts.append(f"## {kind.__name__}\n\n{_escaped(said(kind))}\n\n{named}")
    return HEAD + "\n".join(lines) + "\n\n" + "\n\n".join(parts) + "\n"


def _first_comment(path: Path) -> str:
    found = re.search(r"^# (?!@)(.*)$", path.read_text(encoding="utf-8"), flags=re.M)
    return found[1] if found else "as it stands"


def _escaped(text: str) -> str:
    """Letters that Markdown would take for its own."""
    return re.sub(r"([*_|^~])", r"\\\1", text)


if __name__ == "__main__":
    (ROOT / "docs" / "cells.md").write_text(page(), encoding="utf-8", newline="\n")
