"""A sweep's report: a tidy CSV, the figures, `report.md`, and one self-contained `report.html`.

What a report shows is said by the study (`report` in its YAML): the functions that answer in a
sentence, draw its figures, make its tables and judge its claims, in this order. Each takes the
sweep; an answer's returns words, a figure's figures by name, a table's a head and rows by title, a
claim's a `Claim`. What can't be drawn or judged of a sweep is left out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import save
from digitsum.figures.svg import inline
from digitsum.questions.forest import forest
from digitsum.questions.judgement import MARGIN, Claim
from digitsum.questions.shown import Shown, check_shown, function
from digitsum.reports.catalogue import questions
from digitsum.reports.page import Page, Part, Picture, Table, html
from digitsum.reports.summary_run import write_summary_run
from digitsum.reports.table import csv_of, head, rows
from digitsum.reports.told import markdown, show
from digitsum.runs.folders import Folder
from digitsum.runs.results import seconds
from digitsum.sweeps.collected import Sweep, collect
from digitsum.sweeps.jobs import TornFileError
from digitsum.sweeps.manifest import REPORT
from digitsum.writing import write_aside

NOTHING = "Nothing has been learnt yet: no setting is above guessing by 0.02 or more"


def report(folder: Path, shown: Any = None) -> None:
    """Write the report of a sweep from the results its jobs have left, and say where it is.

    A job of which a file can't be read is a row that says so.

    Args:
        folder: the sweep's.
        shown: what to show where the sweep itself doesn't say (version 0.1 didn't).

    Raises:
        UserError: the folder isn't a sweep's, or something else lies where the report belongs.
    """
    found = collect(folder)
    wanted = check_shown(found.shown if found.shown is not None else shown, "report")
    while True:
        try:
            drawn, page = _made(found, wanted)
            break
        except TornFileError as torn:
            found = found.without(torn)
    own = Folder(folder, "sweep")
    own.add([*REPORT, *(f"{name}.{ending}" for name in drawn for ending in ("png", "pdf"))])
    write_aside(folder / "results.csv", csv_of(found).encode())
    for name, made in drawn.items():
        save(made, folder / name)
    write_aside(folder / "report.md", markdown(page).encode())
    write_aside(folder / "report.html", html(page).encode())
    write_summary_run(page, found, own)
    show(page, found)


def _made(found: Sweep, wanted: Shown) -> tuple[dict[str, Figure], Page]:
    """Figures and page, of which nothing is written yet."""
    drawn: dict[str, Figure] = {}
    for entry in wanted["figures"]:
        drawn |= function(entry, "figures")(found)
    # Once: a claim resamples by the ten thousand.
    claims = [function(entry, "claims")(found) for entry in wanted["claims"]]
    return drawn, Page(
        found.title,
        _sentence(questions().get(found.study or "", "")),
        answer(found, wanted["answers"]),
        facts(found),
        # Drawn for the page before they are saved, since saving ends with the layout fixed.
        [Picture(name, inline(made, name), name) for name, made in drawn.items()],
        [
            (claim, [Part(one, inline(forest(one.forest), one.part)) for one in claim.judgements])
            for claim in claims
            if claim.judgements
        ],
        [
            Table(title, *cells)
            for entry in wanted["tables"]
            for title, cells in function(entry, "tables")(found).items()
        ],
        Table("All results", head(found), rows(found)),
        notes(found),
        silent(claims),
        found.made.command,
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def answer(found: Sweep, entries: Sequence[Any]) -> str:
    """The first that is to be had, each asked by `_target_`; before it, that nothing has been
    learnt yet, if that is so; empty where there is none.
    """
    begun = f"{NOTHING}, which has {found.by_chance}.\n" if _at_chance(found) else ""
    for entry in entries:
        words: str = function(entry, "answers")(found)
        if words:
            return begun + words
    return begun.strip()


def _at_chance(found: Sweep) -> bool:
    """Whether no setting is above guessing by what would matter, not even by its interval's end."""
    if found.trials or not found.complete:
        return False
    ends = [np.nanmax([job.tested.mean, job.tested.high]) for job in found.complete]
    return all(end < job.chance + MARGIN for end, job in zip(ends, found.complete, strict=True))


def judged(found: Sweep, entries: Sequence[Any]) -> list[Claim]:
    """Those of the claims, each named by `_target_`, of which the sweep can judge a part."""
    made: list[Claim] = [function(entry, "claims")(found) for entry in entries]
    return [claim for claim in made if claim.judgements]


def silent(claims: Sequence[Claim]) -> list[str]:
    """Which claims aren't judged, and why, where one might have looked for a verdict."""
    reasons: dict[str, list[str]] = {}
    for claim in claims:
        if claim.silent:
            reasons.setdefault(claim.silent, []).append(claim.name)
    return [
        f"Not judged here: claim{'s' * (len(names) > 1)} {', '.join(names)}, {why}."
        for why, names in reasons.items()
    ]


def facts(found: Sweep) -> list[str]:
    """What is to be known before the first look."""
    counts = sorted({len(job.replicas) for job in found.complete})
    ends = " to ".join(map(str, counts[:: len(counts) - 1 or 1]))
    replicas = [f"{ends} replica{'s' * (counts != [1])} a setting"] if counts else []
    return [found.done, *replicas, f"accuracy by chance {found.by_chance}"]


def notes(found: Sweep) -> list[str]:
    """How the numbers were made, and how far they carry."""
    told = [
        "Intervals are 95 % percentile bootstrap over replicas; 100 test examples give a "
        "resolution of 0.01."
    ]
    if found.fixed:
        told.append("The same in all jobs: " + ", ".join(found.fixed) + ".")
    each = [shard for job in found.complete for shard in job.shards or (job,)]
    complete = [job.result for job in each if job.result is not None]
    taken = [seconds(result) for result in complete]
    told += found.made.told([one for one in taken if one is not None])
    if any(result["settings"].get("data") == "blog" for result in complete):
        told.append(
            "With data=blog all replicas share the same files: intervals don't include the "
            "sampling of examples, which adds up to 0.05."
        )
    seen = [r.get("test_seen_in_train") for result in complete for r in result["replicas"]]
    seen = [count for count in seen if count is not None]
    if seen:
        told.append(
            f"Of 100 test sequences {min(seen)} to {max(seen)} also occur in a replica's training "
            "examples."
        )
    versions: dict[str, str] = complete[0].get("versions", {}) if complete else {}
    if versions:
        told.append("Made with " + ", ".join(f"{k} {v}" for k, v in versions.items()) + ".")
    return told
