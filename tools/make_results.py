"""Gathers finished studies into `docs/results.md` and `docs/findings*.md`, with their figures.

python tools/make_results.py multirun/accuracy_vs_length multirun/learning_rate ...

A study's section of results.md is replaced, or added; those of other studies stay. findings.md is
made of the studies named, so name all of them. Not a number in it is typed, nor in the
findings that the READMEs open with.
"""

import re
import sys
from pathlib import Path

from findings import DOCS, FIGURES, copied, page
from five_findings import five
from translation import translated

from digitsum.reports.report import report
from digitsum.sweeps.collected import collect

PHRASES = Path(__file__).with_name("findings.zh.yaml")
RESULTS = """# Results of the studies at full settings

Every study as its command runs it: 19,000 optimizer steps a job (the explosion's 250). Lines are
means over replicas, bands 95 % bootstrap intervals, dots replicas; how many replicas a job has is
in each table. How claims are judged: [method.md](method.md).
"""


def section(folder: Path) -> str:
    """A study's report one heading lower."""
    text = (folder / "report.md").read_text(encoding="utf-8")
    text = re.sub(r"!\[(.*?)\]\((.*?)\)", lambda m: f"![{m[1]}]({copied(folder, m[2])})", text)
    return re.sub(r"^#", "##", text, flags=re.M)


def gathered(folders: list[Path]) -> str:
    """results.md with the sections of these studies in place of their old ones."""
    path = DOCS / "results.md"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", old, flags=re.M | re.S))
    for folder in folders:
        head, _, rest = section(folder).partition("\n")
        parts[head.removeprefix("## ")] = rest
    body = "\n".join(f"## {name}\n\n{rest.strip()}\n" for name, rest in parts.items())
    return f"{RESULTS}\n{body}"


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
    write(DOCS / "results.md", gathered(folders))
    found, lines = page(sweeps), five(sweeps)
    write(DOCS / "findings.md", found)
    write(DOCS / "findings.zh.md", translated(found, PHRASES))
    if lines:
        quoted(DOCS.parent / "README.md", lines)
        quoted(DOCS.parent / "README.zh.md", translated(lines, PHRASES))
    unused()


def unused() -> None:
    """Figures that no document shows any more are gone."""
    documents = [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")]
    used = "".join(path.read_text(encoding="utf-8") for path in documents)
    for path in FIGURES.iterdir():
        if path.name not in used:
            path.unlink()


if __name__ == "__main__":
    main()
