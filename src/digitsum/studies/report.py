"""A sweep's report: a tidy CSV, the figures, `report.md`, and one self-contained `report.html`.

What a report shows is said by the study (`report` in its YAML): the functions that draw its
figures, make its tables and judge its claims, in this order. Each takes the sweep; a figure's
returns figures by name, a table's a head and rows by title, a claim's a `Claim`. What can't be
drawn or judged of a sweep is left out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from digitsum.figures.style import save
from digitsum.studies.claims.judgement import Claim
from digitsum.studies.collected import Sweep, collect
from digitsum.studies.page import html
from digitsum.studies.shown import check_shown
from digitsum.studies.summary_run import write_summary_run
from digitsum.studies.table import csv_of, head, markdown, rows
from digitsum.writing import write_aside

Tables = dict[str, tuple[list[str], list[list[str]]]]


def report(folder: Path, shown: Any = None) -> None:
    """Write the report of a sweep from the results its jobs have left, and say where it is.

    Args:
        folder: the sweep's.
        shown: what to show where the sweep itself doesn't say (version 0.1 didn't).

    Raises:
        UserError: the folder isn't a sweep's.
    """
    found = collect(folder)
    wanted = check_shown(found.shown if found.shown is not None else shown, "report")
    write_aside(folder / "results.csv", csv_of(found).encode())
    figures: dict[str, Path] = {}
    for entry in wanted["figures"]:
        drawn: dict[str, Figure] = instantiate(entry, _partial_=True)(found)
        figures |= {name: save(made, folder / name) for name, made in drawn.items()}
    tables: Tables = {}
    for entry in wanted["tables"]:
        tables |= instantiate(entry, _partial_=True)(found)
    claims = judged(found, wanted["claims"])
    text = _text(found, figures, tables, claims)
    write_aside(folder / "report.md", text.encode())
    write_aside(folder / "report.html", html(text, folder).encode())
    write_summary_run(found)
    _show(found, figures, tables, claims)


def judged(found: Sweep, entries: Sequence[Any]) -> list[Claim]:
    """Those of the claims, each named by `_target_`, of which the sweep can judge a part."""
    made: list[Claim] = [instantiate(entry, _partial_=True)(found) for entry in entries]
    return [claim for claim in made if claim.judgements]


def _text(found: Sweep, figures: dict[str, Path], tables: Tables, claims: Sequence[Claim]) -> str:
    parts = [
        f"# {found.study or ' x '.join(found.varied) or found.folder.name}",
        f"{found.done}. Accuracy by chance is 0.10 (always answering "
        "9). Intervals are 95 % percentile bootstrap over replicas; 100 test examples give a "
        "resolution of 0.01.",
    ]
    if found.fixed:
        parts.append("The same in all jobs: " + ", ".join(f"`{one}`" for one in found.fixed) + ".")
    parts += _notes(found)
    if claims:
        parts += ["## Claims", *_evidence(claims)]
    for title, (columns, cells) in tables.items():
        parts += [f"## {title}", markdown(columns, cells)]
    if figures:
        parts.append("## Figures")
        parts += [f"![{name}]({path.name})" for name, path in figures.items()]
    parts += ["## Results", markdown(head(found), rows(found))]
    made_with = [job.result["versions"] for job in found.complete if job.result]
    versions: dict[str, str] = made_with[0] if made_with else {}
    parts.append("Made with " + ", ".join(f"{k} {v}" for k, v in versions.items()) + ".")
    return "\n\n".join(parts) + "\n"


def _notes(found: Sweep) -> list[str]:
    notes = []
    complete = [job.result for job in found.complete if job.result is not None]
    if any(result["settings"]["data"] == "blog" for result in complete):
        notes.append(
            "With data=blog all replicas share the same files: intervals don't include the "
            "sampling of examples, which adds up to 0.05."
        )
    seen = [r["test_seen_in_train"] for result in complete for r in result["replicas"]]
    if seen:
        notes.append(
            f"Of 100 test sequences {min(seen)} to {max(seen)} also occur in a replica's training "
            "examples."
        )
    return notes


def _evidence(claims: Sequence[Claim]) -> list[str]:
    parts = []
    for claim in claims:
        parts.append(f"### {claim.name}. {claim.words}")
        table = [[*one[:3], f"**{one.verdict}**"] for one in claim.judgements]
        parts.append(markdown(["part", "measured", "test", "verdict"], table))
    return parts


def _show(found: Sweep, figures: dict[str, Path], tables: Tables, claims: Sequence[Claim]) -> None:
    # As wide as it takes: a wrapped table can't be read, nor a cut one in a log.
    console = Console(soft_wrap=True, width=160)
    shown = Table(title=f"{found.done}, chance 0.10")
    for name in head(found):
        shown.add_column(name, no_wrap=True)
    for row in rows(found):
        shown.add_row(*row)
    console.print(shown)
    for title, (columns, cells) in tables.items():
        own = Table(*columns, title=title)
        for row in cells:
            own.add_row(*row)
        console.print(own)
    for claim in claims:
        for one in claim.judgements:
            console.print(f"Claim {claim.name}: {one.part}: {one.verdict}", highlight=False)
    console.print(f"Report   {found.folder / 'report.html'}")
    for path in figures.values():
        console.print(f"Figure   {path}")
    console.print(f"Table    {found.folder / 'results.csv'}")
    console.print(f"Browse   tensorboard --logdir {found.folder}")
