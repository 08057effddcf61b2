"""Gathers finished studies into `docs/results/` and `docs/findings*.md`, with their figures.

python tools/make_results.py multirun/accuracy_vs_length multirun/learning_rate ...

A study's page is replaced, or added; those of other studies stay. findings.md is
made of the studies named, so name all of them. Not a number in it is typed, nor in the
findings that the READMEs open with.
"""

import re
import sys
from pathlib import Path

from findings import DOCS, FIGURES, copied, page
from short_findings import short
from translation import translated

from digitsum.reports.catalogue import questions
from digitsum.reports.report import report
from digitsum.sweeps.collected import collect

PHRASES = Path(__file__).with_name("findings.zh.yaml")
RESULTS = """# Results of the studies at full settings

Studies as the command at the end of each page runs them: 19,000 optimizer steps a job (250 of the
explosion, 9,500 to 152,000 of the budgets). Lines are means over replicas, bands 95 % bootstrap
intervals, dots replicas; how many replicas a job has is in each table. How claims are judged:
[method.md](method.md).

| study | its question | replicas a setting |
|---|---|---|
"""
PAGES = DOCS / "results"


def gather(folders: list[Path]) -> None:
    """A page for each of these studies in place of its old one, and the index of all pages."""
    PAGES.mkdir(exist_ok=True)
    for folder in folders:
        text = (folder / "report.md").read_text(encoding="utf-8")
        text = re.sub(r"python \S*?(train|evaluate)\.py", r"python \1.py", text)  # from the root
        text = re.sub(r" hydra\.sweep\.dir=\S+", "", text)  # where it lay is nobody else's
        for name in set(re.findall(r"!\[.*?\]\((.*?)\)", text)):
            text = text.replace(f"]({name})", f"](../{copied(folder, name)})")
        write(PAGES / f"{collect(folder).study}.md", text)
    write(DOCS / "results.md", index())


def index() -> str:
    """results.md: a line for each page, in the order of the catalogue."""
    lines, asked = [], questions()
    for path in sorted(PAGES.glob("*.md"), key=lambda one: list(asked).index(one.stem)):
        counted = re.search(r"(\d[\d to]*) replicas a setting", path.read_text(encoding="utf-8"))
        count = counted[1] if counted else ""
        lines.append(f"| [{path.stem}](results/{path.name}) | {asked[path.stem]} | {count} |")
    return RESULTS + "\n".join(lines) + "\n"


def quoted(path: Path, text: str, name: str = "findings") -> None:
    """Put a text between a document's two marks of this name."""
    old = path.read_text(encoding="utf-8")
    marks = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, _, rest = old.partition(marks[0])
    tail = rest.partition(marks[1])[2]
    write(path, f"{head}{marks[0]}\n{text}{marks[1]}{tail}")


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    folders = [Path(name).resolve() for name in sys.argv[1:]]
    for folder in folders:
        report(folder)
    sweeps = [collect(folder) for folder in folders]
    gather(folders)
    found, lines = page(sweeps), short(sweeps)
    write(DOCS / "findings.md", found)
    write(DOCS / "findings.zh.md", translated(found, PHRASES))
    if lines:
        quoted(DOCS.parent / "README.md", lines)
        quoted(DOCS.parent / "README.zh.md", translated(lines, PHRASES))
    unused()


def unused() -> None:
    """Figures that no document shows any more are gone."""
    documents = [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]
    used = "".join(path.read_text(encoding="utf-8") for path in documents)
    for path in FIGURES.iterdir():
        if path.name not in used:
            path.unlink()


if __name__ == "__main__":
    main()
