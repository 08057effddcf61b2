"""Gathers finished studies into `docs/results.md` and `docs/findings.md`, with their figures.

python docs/make_results.py multirun/accuracy_vs_length multirun/learning_rate ...

A study's section of results.md is replaced, or added; those of other studies stay. findings.md is
made of the studies named, so name all of them. Not a number in it is typed.
"""

import re
import shutil
import sys
from pathlib import Path

from hydra.utils import instantiate

from digitsum.statistics import summarise
from digitsum.studies.claims.judgement import Claim
from digitsum.studies.collected import Sweep, collect
from digitsum.studies.report import report
from digitsum.studies.span import said, spans

DOCS = Path(__file__).resolve().parent
ENOUGH = 16  # replicas, below which a bootstrap interval is known to be too narrow
FIGURES = DOCS / "figures"
RESULTS = """# Results of the studies at full settings

Every study as its command runs it: 19,000 optimizer steps a job (the explosion's 250). Lines are
means over replicas, bands 95 % bootstrap intervals, dots replicas; how many replicas a job has is
in each table. How claims are judged: [method.md](method.md).
"""
FINDINGS = """# How far back does a recurrent network remember?

Many replicas where the textbook has one seed. Each number below is made by `docs/make_results.py`
from a study's files; the rules by which verdicts fall are in [method.md](method.md), all tables in
[results.md](results.md).
"""


def copied(folder: Path, name: str) -> str:
    """A study's figure beside the documents; -> its path from there."""
    FIGURES.mkdir(exist_ok=True)
    shutil.copy(folder / name, FIGURES / f"{folder.name}_{name}")
    return f"figures/{folder.name}_{name}"


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


def command(found: Sweep) -> str:
    replicas = max(len(job.replicas) for job in found.complete)
    return f"`python train.py study={found.study} replicas={replicas}`"


def claims(found: Sweep) -> list[Claim]:
    listed = (found.shown or {}).get("claims", [])
    return [instantiate(entry, _partial_=True)(found) for entry in listed]


def judged(sweeps: list[Sweep]) -> list[str]:
    """Each claim once, by the first study that can judge it."""
    said_by: dict[str, tuple[Claim, Sweep]] = {}
    for found in sweeps:
        for claim in claims(found):
            if claim.judgements:
                said_by.setdefault(claim.name, (claim, found))
    parts, pictured = ["## What the textbook claims, and what replicas say"], set()
    for name, (claim, found) in sorted(said_by.items()):
        lines = [f"- **{one.verdict}**: {one.part}. {one.numbers}." for one in claim.judgements]
        parts += [f"### {name}. {claim.words}", "\n".join(lines)]
        picture = copied(found.folder, min(found.folder.glob("*.png")).name)
        if picture not in pictured:
            parts.append(f"![{found.study}]({picture})")
            pictured.add(picture)
        parts.append(f"Made by {command(found)}.")
    return parts


def spanned(found: Sweep) -> list[str]:
    rows = [f"| {one.model} | {said(one)} |" for one in spans(found)]
    replicas = min(len(job.replicas) for job in found.complete)
    few = " So few give intervals that are too narrow." if replicas < ENOUGH else ""
    return [
        "## One number a cell: its memory span",
        "The length at which a cell's mean test accuracy falls through one half, each cell at its "
        "own best learning rate at each length, chosen on dev, judged on test; 95 % "
        f"intervals, {replicas} replicas a job.{few}",
        f"![memory spans]({copied(found.folder, 'memory_span.png')})",
        "| cell | span |\n|---|---|\n" + "\n".join(rows),
        f"Made by {command(found)}.",
    ]


def started(found: Sweep) -> list[str]:
    """How much of the plain SRN's forgetting is its start, at the middle length."""
    lengths = sorted({job.settings["data.length"] for job in found.complete})
    middle = lengths[len(lengths) // 2]
    lines = []
    for job in found.only(data_length=middle):
        one = summarise(job.values("test_accuracy").tolist())
        lines.append(f"- {job.settings['init']}: {one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]")
    return [
        "## What nobody had asked: the start",
        f"The plain SRN's test accuracy at length {middle}, by how its weights start:",
        "\n".join(lines),
        f"![initialisation]({copied(found.folder, 'accuracy.png')})",
        f"Made by {command(found)}.",
    ]


def main() -> None:
    folders = [Path(name).resolve() for name in sys.argv[1:]]
    for folder in folders:
        report(folder)
    sweeps = [collect(folder) for folder in folders]
    (DOCS / "results.md").write_text(gathered(folders), encoding="utf-8")
    parts = [FINDINGS.rstrip()]
    for found in sweeps:
        if (found.study or "").startswith("memory_span"):
            parts += spanned(found)
    parts += judged(sweeps)
    for found in sweeps:
        if found.study == "initialisation":
            parts += started(found)
    (DOCS / "findings.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    documents = [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")]
    used = "".join(path.read_text(encoding="utf-8") for path in documents)
    for path in FIGURES.iterdir():
        if path.name not in used:
            path.unlink()


if __name__ == "__main__":
    main()
