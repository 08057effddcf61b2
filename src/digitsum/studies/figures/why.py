"""Why answers are wrong: accuracy under each kind of training, and the reasons stacked."""

from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.statistics import with_interval
from digitsum.studies.collected import Sweep
from digitsum.studies.why import CONDITIONS, REASONS, Why, by_condition, reasons

RIGHT = "right on 3 copies"
WIDTH, NARROWEST = 2.5, 8.2  # inches a cell; in all, so that legends fit


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
