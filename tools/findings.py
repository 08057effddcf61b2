"""What the studies found, as the pages that people link to: not a number here is typed.

A page is made of the studies at hand; what none of them can say is left out.
"""

import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from digitsum.questions.curves import FRESH
from digitsum.questions.dial import accuracy, dials
from digitsum.questions.explosion import by_clip, dead, growth
from digitsum.questions.judgement import ALPHA, Claim
from digitsum.questions.span import said, spans
from digitsum.reports.report import judged
from digitsum.statistics import resampled_means, summarise
from digitsum.sweeps.collected import Sweep

DOCS = Path(__file__).resolve().parents[1] / "docs"
FIGURES = DOCS / "figures"
ENOUGH = 16  # replicas, below which a bootstrap interval is known to be too narrow
HEAD = """# How far back does a recurrent network remember?

Many replicas where the textbook has one seed. Each number below is made by `tools/make_results.py` from a study's files; the rules by which verdicts fall are in [method.md](method.md), all tables in [results.md](results.md). All networks here were trained as the textbook trains them, on 300 examples, three copies of each pair: much of what is called forgetting is examples learnt by heart, and 'memory' and 'remembers' stand for test accuracy alone. What is which, and each claim judged again on fresh examples: [why](why.md)."""  # noqa: E501


def copied(folder: Path, name: str) -> str:
    """A study's figure beside the documents; -> its path from there."""
    FIGURES.mkdir(exist_ok=True)
    shutil.copy(folder / name, FIGURES / f"{folder.name}_{name}")
    return f"figures/{folder.name}_{name}"


def grid(found: Sweep) -> dict[str, list[str]]:
    """What a study varies by itself; nothing where it stands on another one."""
    path = DOCS.parent / "multirun_sweeps" / "study" / f"{found.study}.yaml"
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    params = tree["hydra"]["sweeper"]["params"]
    return {key: str(values).split(",") for key, values in params.items()}


def made_by(found: Sweep) -> str:
    largest = max(found.complete, key=lambda job: len(job.replicas))
    shards = largest.shards or (largest,)
    words = f"study={found.study} replicas={len(shards[0].replicas)}"
    for key, listed in grid(found).items():
        values = list(dict.fromkeys(str(job.settings[key]) for job in found.complete))
        if set(values) != set(listed):
            words += f" {key}={','.join(values)}"
    if len(shards) > 1:
        words += " seed=" + ",".join(str(shard.settings["seed"]) for shard in shards)
    return f"Made by `python train.py {words}`."


def first_picture(folder: Path) -> str:
    """The one that a study's report shows first."""
    shown_there = re.search(r"!\[.*?\]\((.*?)\)", (folder / "report.md").read_text("utf-8"))
    assert shown_there is not None
    return shown_there[1]


def claims(found: Sweep) -> list[Claim]:
    return judged(found, (found.shown or {}).get("claims", []))


def verdicts(claim: Claim) -> list[str]:
    return [
        f"- **{one.verdict}**{f' on {one.on}' if one.on == FRESH else ''}: {one.part}. "
        f"{one.numbers}."
        for one in claim.judgements
    ]


def textbook(sweeps: list[Sweep]) -> list[str]:
    """Each claim of the textbook once, by the first study that can judge it."""
    said_by: dict[str, tuple[Claim, Sweep]] = {}
    for found in sweeps:
        for claim in claims(found):
            if claim.name.isdecimal():
                said_by.setdefault(claim.name, (claim, found))
    parts, pictured = ["## What the textbook claims, and what replicas say"], set()
    for name, (claim, found) in sorted(said_by.items()):
        parts += [f"### {name}. {claim.words}", "\n".join(verdicts(claim))]
        if name == "6" and (known := _known_spans(sweeps)):
            parts.append(
                "At lr 0.001. At its own best rate the GRU has the longer span, "
                f"{known['gru']} against {known['lstm']} (above)."
            )
        picture = copied(found.folder, first_picture(found.folder))
        if picture not in pictured:
            parts.append(f"![{found.study}]({picture})")
            pictured.add(picture)
        parts.append(made_by(found))
    return parts


def _known_spans(sweeps: list[Sweep]) -> dict[str, str]:
    """Of the study of spans, where it is at hand and the GRU's is the longer."""
    found = next((one for one in sweeps if (one.study or "").startswith("memory_span")), None)
    known = {one.model: one for one in spans(found)} if found is not None else {}
    if not {"gru", "lstm"} <= known.keys() or known["gru"].span <= known["lstm"].span:
        return {}
    return {model: said(one) for model, one in known.items()}


def spanned(found: Sweep) -> list[str]:
    """How far back each cell remembers."""
    rows = [f"| {one.model} | {said(one)} |" for one in spans(found)]
    replicas = min(len(job.replicas) for job in found.complete)
    few = " So few give intervals that are too narrow." if replicas < ENOUGH else ""
    return [
        "## One number a cell: its memory span",
        "The length at which a cell's mean test accuracy falls through one half, each cell at its "
        "own best learning rate at each length, chosen on dev, judged on test; 95 % "
        f"intervals, {replicas} replicas a job. On three copies of each pair, so that what a cell "
        f"learns by heart counts against it.{few}",
        f"![memory spans]({copied(found.folder, 'memory_span.png')})",
        "| cell | span |\n|---|---|\n" + "\n".join(rows),
        made_by(found),
    ]


def middle(found: Sweep) -> int:
    lengths = sorted({job.settings["data.length"] for job in found.complete})
    return int(lengths[len(lengths) // 2])


def started(found: Sweep) -> list[str]:
    """How much of the plain SRN's forgetting is its start."""
    length = middle(found)
    jobs = found.only(data_length=length)
    return [
        "### The start",
        f"The plain SRN's test accuracy at length {length}, by how its weights start:",
        "\n".join(f"- {job.settings['init']}: {job.tested}" for job in jobs),
        f"![initialisation]({copied(found.folder, 'accuracy.png')})",
        made_by(found),
    ]


class Fall(NamedTuple):
    """From one place on the dial to the next, at one length: how much accuracy is lost.

    The interval counts that all falls were looked at (Bonferroni).
    """

    length: int
    before: float
    after: float
    lost: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.lost:.3f} [{self.low:.3f}, {self.high:.3f}]"


def deepest(found: Sweep) -> Fall | None:
    """The largest fall, where it is one beyond chance."""
    falls = []
    for dial in dials(found):
        skips, lost = dial.skips.tolist(), -np.diff(dial.values(accuracy), axis=0)
        steps = zip(pairwise(skips), lost, strict=True)
        falls += [(dial.length, *pair, row) for pair, row in steps]
    if not falls:
        return None
    length, before, after, row = max(falls, key=lambda one: float(one[3].mean()))
    share = ALPHA / len(falls) / 2
    low, high = np.quantile(resampled_means(row, np.random.default_rng(0)), [share, 1 - share])
    return Fall(length, before, after, row.mean(), low, high) if low > 0 else None


def dialled(found: Sweep) -> list[str]:
    """The dial between the plain and the residual SRN."""
    lines = [line for claim in claims(found) for line in verdicts(claim)]
    fall = deepest(found)
    if fall is not None:
        lines.append(
            f"- Not step by step: at length {fall.length} accuracy falls from s = "
            f"{fall.before:g} to s = {fall.after:g}, by {fall}."
        )
    return [
        "### The dial between the plain and the residual SRN",
        "The state carried over is s times the one before: 0 is the plain SRN, 1 the residual SRN.",
        "\n".join(lines),
        f"![skip]({copied(found.folder, 'skip.png')})",
        made_by(found),
    ]


def clipped(found: Sweep) -> list[str]:
    """What clipping does to gradients, and what it doesn't to learning."""
    rows = []
    for model in ("srn", "srn_residual"):
        for value, job in by_clip(found.only(model=model)).items():
            rows.append(
                f"| {model} | {'none' if value == 'null' else value} | "
                f"{summarise(growth(job).tolist())} | "
                f"{summarise(dead(job).tolist())} | {job.tested} |"
            )
    steps = {job.result["optimizer_steps"] for job in found.complete if job.result}
    return [
        "### Clipping at 20 keeps the gradient alive, and teaches nothing",
        f"After {max(steps)} steps with SGD at lr 0.2 and a summed loss (accuracy by chance is "
        "0.10):",
        "| cell | clip at | log10 growth of the gradient | late steps with a dead gradient | "
        "test accuracy |\n|---|---|---|---|---|\n" + "\n".join(rows),
        made_by(found),
    ]


UNASKED = {"initialisation": started, "skip": dialled, "gradient_explosion": clipped}


def page(sweeps: list[Sweep]) -> str:
    """findings.md."""
    parts = [HEAD]
    for found in sweeps:
        if (found.study or "").startswith("memory_span"):
            parts += spanned(found)
    parts += textbook(sweeps)
    by_study = {found.study: found for found in sweeps}
    parts.append("## What nobody had asked")
    for study, told in UNASKED.items():
        if study in by_study:
            parts += told(by_study[study])
    return "\n\n".join(parts) + "\n"
