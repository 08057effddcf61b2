"""A sweep's report: a tidy CSV, the figures, `report.md`, and one self-contained `report.html`."""

import base64
import re
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from digitsum.claims import CLAIMS, judge
from digitsum.collected import Job, Sweep, collect, table
from digitsum.figures.against import against
from digitsum.figures.explosion import explosion
from digitsum.figures.losses import LENGTH, losses
from digitsum.figures.style import save
from digitsum.fileformat import write_aside
from digitsum.results import summary
from digitsum.summary_run import write_summary_run
from digitsum.table import number

CSS = """body{font:15px/1.5 sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0;font-size:13px}
td,th{border:1px solid #ccc;padding:.25em .6em;text-align:left;vertical-align:top}
img{max-width:100%}"""


def report(folder: Path) -> None:
    """Write the report of a sweep from the results its jobs have left, and say where it is.

    Raises:
        UserError: the folder isn't a sweep's.
    """
    found = collect(folder)
    write_aside(folder / "results.csv", table(found).encode())
    figures = {name: save(made, folder / name) for name, made in _figures(found).items()}
    text = _text(found, figures)
    write_aside(folder / "report.md", text.encode())
    write_aside(folder / "report.html", _html(text, folder).encode())
    write_summary_run(found)
    _show(found, figures)


def _figures(found: Sweep) -> dict[str, Figure]:
    made: dict[str, Figure] = {}
    compared = against(found)
    if compared is not None:
        made["accuracy"] = compared
    if LENGTH in found.varied:
        groups: dict[str, list[Job]] = {}
        for job in found.complete:
            others = [key for key in found.varied if key not in (LENGTH, "model")]
            groups.setdefault(", ".join(f"{k} {job.settings[k]}" for k in others), []).append(job)
        for name, jobs in groups.items():
            stem = "losses" + (f"_{re.sub(r'[^0-9A-Za-z.]+', '_', name)}" if name else "")
            made[stem] = losses(jobs, f"train and dev loss{': ' + name if name else ''}")
    for model, jobs in _exploded(found).items():
        made[f"explosion_{model}"] = explosion(jobs, model)
    return made


def _exploded(found: Sweep) -> dict[str, list[Job]]:
    """Jobs whose gradients and saturation were recorded over clip values, by cell."""
    by_model: dict[str, list[Job]] = {}
    for job in found.complete:
        recorded = [job.arrays(name) for name in ("gradient_norms", "saturation")]
        if "clip.value" in found.varied and all(recorded) and "U" in recorded[0]["names"]:
            by_model.setdefault(job.settings["model"], []).append(job)
    return by_model


def _rows(found: Sweep) -> list[list[str]]:
    rows = []
    for job in found.jobs:
        varied = [str(job.settings.get(key, "-")) for key in found.varied]
        if not varied:
            varied = [job.folder.name]
        if job.complete and job.result is not None:
            one = summary(job.result["replicas"])
            cells = []
            for measure in ("test_accuracy", "best_dev_accuracy"):
                s = one[measure]
                spread = f"{number(s['low'])} - {number(s['high'])}" if s["replicas"] > 1 else "-"
                cells += [number(s["mean"]), spread]
            diverged = sum(r["diverged_at"] is not None for r in job.result["replicas"])
            rows.append([*varied, *cells, str(len(job.result["replicas"])), str(diverged)])
        else:
            error = (job.result or {}).get("error", "no result yet")
            rows.append([*varied, f"{job.status}: {error}", *[""] * 5])
    return rows


def _head(found: Sweep) -> list[str]:
    tail = ["test accuracy", "95 % interval", "best dev", "95 % interval", "replicas", "diverged"]
    return [*(found.varied or ["job"]), *tail]


def _markdown_table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in lines
    )


def _text(found: Sweep, figures: dict[str, Path]) -> str:
    done = len(found.complete)
    parts = [
        f"# {found.study or found.folder.name}",
        f"{done} of {len(found.jobs)} jobs complete. Accuracy by chance is 0.10 (always answering "
        "9). Intervals are 95 % percentile bootstrap over replicas; 100 test examples give a "
        "resolution of 0.01.",
    ]
    parts += _notes(found)
    judged = judge(found)
    if judged:
        parts += ["## The textbook's claims", *_claims(judged)]
    if figures:
        parts.append("## Figures")
        parts += [f"![{name}]({path.name})" for name, path in figures.items()]
    parts += ["## Results", _markdown_table(_head(found), _rows(found))]
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


def _claims(judged: list[Any]) -> list[str]:
    parts = []
    for number_, words in CLAIMS.items():
        mine = [one for one in judged if one.claim == number_]
        rows = [[one.part, one.numbers, one.test, f"**{one.verdict}**"] for one in mine]
        parts.append(f"### {number_}. {words}")
        head = ["part", "measured", "test", "verdict"]
        parts.append(_markdown_table(head, rows) if rows else "Not decided: not measured here.")
    return parts


def _html(text: str, folder: Path) -> str:
    """The Markdown as one page with its figures inside."""
    import markdown

    def embedded(match: re.Match[str]) -> str:
        data = base64.b64encode((folder / match[1]).read_bytes()).decode()
        return f'src="data:image/png;base64,{data}"'

    body = markdown.markdown(text, extensions=["tables"])
    body = re.sub(r'src="([^"/]+\.png)"', embedded, body)
    title = text.splitlines()[0].lstrip("# ")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{CSS}</style></head><body>{body}</body></html>\n"
    )


def _show(found: Sweep, figures: dict[str, Path]) -> None:
    # As wide as it takes: a wrapped table can't be read, nor a cut one in a log.
    console = Console(soft_wrap=True, width=160)
    shown = Table(title=f"{len(found.complete)} of {len(found.jobs)} jobs complete, chance 0.10")
    for name in _head(found):
        shown.add_column(name, no_wrap=True)
    for row in _rows(found):
        shown.add_row(*row)
    console.print(shown)
    for one in judge(found):
        console.print(f"Claim {one.claim}: {one.part}: {one.verdict}", highlight=False)
    console.print(f"Report   {found.folder / 'report.html'}")
    for path in figures.values():
        console.print(f"Figure   {path}")
    console.print(f"Table    {found.folder / 'results.csv'}")
    console.print(f"Browse   tensorboard --logdir {found.folder}")
