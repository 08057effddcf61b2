"""Why answers are wrong: learnt by heart, not yet learnt, not kept, or kept and not added.

A network is trained five times, always the same cell at the same length: on three copies of each
pair in the pairs' order (the blog), on the same shuffled, on thirty copies, on fresh examples, and
on fresh ones five times as long. Test examples are the same, and were never trained on.
"""

from typing import Any, NamedTuple, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.statistics import Difference, Summary, difference, summarise, with_interval
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import LENGTH, Array, Job

SORTED, SHUFFLED, THIRTY = "three_sorted", "three_shuffled", "thirty"
FRESH, LONG = "fresh", "fresh_long"
CONDITIONS = {
    SORTED: "3 copies, sorted",
    SHUFFLED: "3 copies, shuffled",
    THIRTY: "30 copies",
    FRESH: "fresh",
    LONG: "fresh, 5 x the steps",
}
REASONS = {
    "by_heart": "learnt by heart",
    "not_yet": "not yet learnt",
    "not_kept": "not kept",
    "not_added": "kept, not added",
}
RIGHT = "right on 3 copies"
WIDTH, NARROWEST = 2.5, 8.2  # inches a cell; in all, so that legends fit


class Why(NamedTuple):
    """Of one cell at one length, as fractions of test examples; see docs/method.md.

    `right` (three copies, shuffled) and the four reasons add up to 1, whatever their signs;
    `order` (shuffled minus sorted) stands beside them.
    """

    model: str
    length: int
    right: Summary
    order: Difference
    by_heart: Difference
    not_yet: Difference
    not_kept: Summary
    not_added: Summary


def lost(job: Job) -> Array:
    """The fraction of answers that are wrong, with both digits readable once and no more: [R]."""
    return np.asarray(job.arrays("memory")["lost"][-1], np.float64)


def by_condition(found: Sweep) -> dict[tuple[str, int], dict[str, Job]]:
    """Jobs by cell and length, then by how they were trained."""
    cells: dict[tuple[str, int], dict[str, Job]] = {}
    for job in found.complete:
        place = cells.setdefault((job.settings["model"], job.settings[LENGTH]), {})
        place[str(job.settings.get("experiment"))] = job
    return cells


def reasons(found: Sweep) -> list[Why]:
    """Of every cell and length at which all that is compared is complete."""
    needed = (SORTED, SHUFFLED, FRESH, LONG)
    made = []
    for (model, length), jobs in by_condition(found).items():
        if all(name in jobs for name in needed) and "lost" in jobs[LONG].arrays("memory"):
            made.append(_why(model, length, jobs))
    return made


def _why(model: str, length: int, jobs: dict[str, Job]) -> Why:
    accuracy = {name: job.values("test_accuracy") for name, job in jobs.items()}
    gone = lost(jobs[LONG])
    return Why(
        model,
        length,
        summarise(accuracy[SHUFFLED].tolist()),
        difference(accuracy[SHUFFLED], accuracy[SORTED]),
        difference(accuracy[FRESH], accuracy[SHUFFLED]),
        difference(accuracy[LONG], accuracy[FRESH]),
        summarise(gone.tolist()),
        summarise((1 - accuracy[LONG] - gone).tolist()),
    )


def _said(one: Summary | Difference) -> str:
    return with_interval(one.mean, one.low, one.high, ".2f", "+")


def parts(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """The reasons as a table."""
    rows = [
        [one.model, str(one.length), with_interval(*one.right[:3], ".2f"), _said(one.order)]
        + [_said(getattr(one, name)) for name in REASONS]
        for one in reasons(found)
    ]
    head = ["cell", "length", "right on 3 copies, shuffled", "(order)", *REASONS.values()]
    return {"Why answers are wrong, as fractions of test examples": (head, rows)} if rows else {}


def mostly(found: Sweep) -> str:
    """Of each cell at the longest length that all have: the largest of the reasons."""
    known = reasons(found)
    cells = dict.fromkeys(one.model for one in known)
    lengths = [{one.length for one in known if one.model == model} for model in cells]
    shared = set.intersection(*lengths) if lengths else set()
    if not shared:
        return ""
    at = max(shared)
    told = [_told(one) for one in known if one.length == at]
    return f"On three copies of each pair, shuffled, at length {at}: {'; '.join(told)}."


def _told(one: Why) -> str:
    name = max(REASONS, key=lambda name: getattr(one, name).mean)
    part = getattr(one, name)
    share = f"{REASONS[name]}, {with_interval(part.mean, part.low, part.high, '.2f')}"
    return f"{one.model} {one.right.mean:.2f} right, the largest part of the rest {share}"


def why(found: Sweep) -> dict[str, Figure]:
    """A column a cell: above accuracy against length, below what it is made of."""
    known = reasons(found)
    models = list(dict.fromkeys(one.model for one in known))
    if not models:
        return {}
    with styled():
        made = figure(max(NARROWEST, WIDTH * len(models) + 0.7), 6.8)
        grid = made.subplots(2, len(models), sharey="row", squeeze=False)
        for column, model in zip(grid.T, models, strict=True):
            _curves(column[0], found, model)
            _stacks(column[1], [one for one in known if one.model == model])
        grid[0][0].set_ylabel("test accuracy")
        grid[1][0].set_ylabel("fraction of test answers")
        for axes in grid[1]:
            axes.set_xlabel("length of the sequence")
        replicas = len(found.complete[0].replicas)
        for row, place, words in (
            (0, "outside upper center", f"{replicas} replica(s): mean, 95 % interval"),
            (1, "outside lower center", "parts add up to 1; one below zero is a loss"),
        ):
            handles, labels = grid[row][0].get_legend_handles_labels()
            made.legend(
                handles, labels, loc=cast(Any, place), ncols=5, fontsize=8,
                title=words, title_fontsize=8,
            )  # fmt: skip
    return {"why": made}


def _curves(axes: Axes, found: Sweep, model: str) -> None:
    cells = {at: jobs for (name, at), jobs in by_condition(found).items() if name == model}
    lengths = sorted(cells)
    for look, (condition, words) in zip(LOOKS, CONDITIONS.items(), strict=False):
        at = [length for length in lengths if condition in cells[length]]
        rows = [cells[length][condition].values("test_accuracy") for length in at]
        if rows:
            width = min(map(len, rows))
            values = np.array([row[:width] for row in rows])
            band(axes, at, values, look, words, marker=True)
    axes.set_title(model, fontsize=9)
    axes.set_ylim(0, 1.04)
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xticks(lengths, [str(length) for length in lengths])
    chance_line(axes)


def _stacks(axes: Axes, known: list[Why]) -> None:
    """Parts above each other; those below zero downwards from it."""
    known = sorted(known, key=lambda one: one.length)
    above, below = np.zeros(len(known)), np.zeros(len(known))
    places = np.arange(len(known))
    colours = ["0.8", *(look.colour for look in LOOKS)]
    for colour, (name, words) in zip(colours, {"right": RIGHT, **REASONS}.items(), strict=False):
        found = [getattr(one, name) for one in known]
        height = np.array([one.mean for one in found])
        bottom = np.where(height >= 0, above, below)
        bars = axes.bar(places, height, 0.62, bottom=bottom, color=colour, label=words)
        low, high = (np.array([getattr(one, end) for one in found]) for end in ("low", "high"))
        top = bottom + height
        axes.vlines(places, top + low - height, top + high - height, color="black", linewidth=0.8)
        for bar, one, length in zip(bars, found, (one.length for one in known), strict=True):
            hover(bar, [f"{words} at {length}: {with_interval(one.mean, one.low, one.high)}"])
        above, below = np.where(height >= 0, top, above), np.where(height < 0, top, below)
    axes.axhline(0, color="0.3", linewidth=0.8)
    axes.axhline(1, color="0.3", linewidth=0.8, linestyle=(0, (4, 2)))
    axes.set_xticks(places, [str(one.length) for one in known])
    axes.grid(visible=False, axis="x")
