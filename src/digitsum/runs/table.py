"""The short table that ends a run."""

import math
from pathlib import Path
from typing import Any

from rich.table import Table

from digitsum import paper
from digitsum.runs import results
from digitsum.runs.results import MEASURES


def number(value: float | None) -> str:
    """Three decimals, a dash for what isn't known."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.3f}"


def spread(one: dict[str, Any]) -> str:
    """`0.650 [0.600, 0.700]`; of one replica the number alone."""
    if one["replicas"] < 2:
        return number(one["mean"])
    return f"{number(one['mean'])} [{number(one['low'])}, {number(one['high'])}]"


def show_run(
    result: dict[str, Any],
    folder: Path,
    figures: list[Path],
    quiet: str | None,
    browse: list[str],
    following: str,
) -> None:
    """Print mean, 95 % interval, min and max of each measure, and where everything lies.

    `quiet`: one line with this measure alone, for a job of a sweep. `browse`: what shows more.
    `following`: what to try next.
    """
    summary = result["summary"]
    if quiet:
        one = summary[quiet]
        words = f"{quiet.replace('_', ' ')} {spread(one)}"
        print(f"    {words}, {result['seconds']:.0f} s")
        return
    count = len(result["replicas"])
    title = f"{count} replica{'s' * (count > 1)}, accuracy by chance {result['chance']:.2f}"
    several = ("min", "max") if count > 1 else ()
    table = Table(title=title, show_header=bool(several))
    table.add_column("")
    for name in ("mean [95 % interval]" if several else "", *several):
        table.add_column(name, justify="right")
    for measure in MEASURES:
        one = summary[measure]
        ends = [number(one[name]) for name in several]
        table.add_row(measure.replace("_", " "), spread(one), *ends)
    paper.show(table)
    console = paper.paper()
    if count == 1:
        console.print("One replica has no interval; replicas=16 has one, and takes little longer.")
    diverged = [one["seed"] for one in result["replicas"] if one.get("diverged_at") is not None]
    if diverged:
        console.print(f"Diverged, kept at its best weights: seed {', '.join(map(str, diverged))}")
    console.print(f"Results  {folder}")
    for figure in figures:
        console.print(f"Figure   {figure}")
    for words in filter(None, browse):
        console.print(f"Browse   {words}")
    console.print(f"Next     {following}")


HEAD = ["measure", "mean", "low", "high", "min", "max", "replicas"]


def cells(summary: dict[str, dict[str, Any]]) -> tuple[list[str], list[list[str | float | None]]]:
    """The same table as a head and rows; what isn't known is None."""
    known = results.finite(summary)
    return HEAD, [[measure, *(one[key] for key in HEAD[1:])] for measure, one in known.items()]


def markdown(summary: dict[str, dict[str, Any]]) -> str:
    """The same table in Markdown."""
    lines = ["| | mean | 95 % interval | min | max |", "|---|---|---|---|---|"]
    for measure, one in summary.items():
        cells = [number(one[key]) for key in ("mean", "low", "high", "min", "max")]
        name = measure.replace("_", " ")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} - {cells[2]} | {cells[3]} | {cells[4]} |")
    return "\n".join(lines)
