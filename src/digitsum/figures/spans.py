"""Memory spans with their intervals, one beside another, and the curves they were read from."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, band, chance_line, figure, styled

Array = np.ndarray[Any, Any]
Ends = tuple[float, float, float]
ROWS_A_PANEL = 4  # lines that one panel of curves can hold and still be read
HALF = 0.5
LONG = 24  # characters of a name, beyond which the axis beside it has room for half its labels
PALE = 0.35  # how strong a mark is that isn't the result, but stands beside it


class Row(NamedTuple):
    """A cell.

    Attributes:
        name, told: beside its axis and its bar.
        ends: low, span, high; 0 and infinity where the lengths don't reach.
        above: in which share of the draws it is above the next; None where that isn't known.
        lengths: [L], in order.
        accuracy: on test at each length [R]; how many replicas may differ.
        by_heart: the same ends on a few examples that can be learnt by heart.
    """

    name: str
    told: str
    ends: Ends
    above: float | None
    lengths: Array
    accuracy: list[Array]
    by_heart: Ends | None = None


def spans_figure(rows: Sequence[Row]) -> Figure:
    """Left a bar each in their order, right accuracy against length."""
    lengths = np.array(sorted({int(length) for row in rows for length in row.lengths}))
    ticks = _ticks(lengths)
    each = 2 if max(len(row.name) for row in rows) > LONG else 1
    behind = range(len(ticks) - 1, -1, -1)  # the longest has its label
    labels = ["" if n % each else str(length) for n, length in zip(behind, ticks, strict=True)]
    with styled():
        made = figure(11, max(3.6, 0.36 * len(rows) + 1.4))
        left, right = cast(Any, made.subfigures(1, 2, width_ratios=[1.15, 1]))
        axes = left.subplots()
        _bars(axes, rows, (lengths[0] / 1.25, lengths[-1] * 1.25))
        panels = right.subplots(-(-len(rows) // ROWS_A_PANEL), 1, sharex=True, squeeze=False)[:, 0]
        _curves(panels, rows)
        for one in (axes, *panels):
            one.set_xscale("log")
            one.set_xticks(ticks, labels)
            one.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(lengths[0] / 1.3, lengths[-1] * 1.3)
        # A label of the figure's would lie over the ticks where there are many panels.
        panels[len(panels) // 2].set_ylabel("test accuracy at\nthe best learning rate")
        counts = {len(values) for row in rows for values in row.accuracy}
        many = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else f"{min(counts)}"
        pale = "; pale: three copies of 100 examples" * any(row.by_heart for row in rows)
        made.suptitle(
            f"{many} replicas a length; bars: 95 % bootstrap interval{pale}; between the rows: in "
            "which share of the draws the upper is above the lower",
            fontsize=8,
        )
    return made


def _bars(axes: Axes, rows: Sequence[Row], reach: tuple[float, float]) -> None:
    beside: Any = ("axes fraction", "data")
    colour = LOOKS[0].colour
    for place, row in enumerate(rows):
        if row.by_heart is not None:
            low, centre, high = np.clip(row.by_heart, *reach)
            grey: Any = {"color": "0.45", "alpha": PALE}
            axes.plot([low, high], [place + 0.22] * 2, linewidth=3, **grey)
            axes.plot(centre, place + 0.22, marker="o", markersize=4, **grey)
        low, centre, high = np.clip(row.ends, *reach)
        axes.plot([low, high], [place, place], color=colour, linewidth=5, alpha=PALE)
        (point,) = axes.plot(centre, place, marker="o", color=colour, markersize=5, clip_on=False)
        hover(point, [f"{row.name}: {row.told}"])
        axes.annotate(row.told, (1.02, place), xycoords=beside, va="center", fontsize=8)
        if row.above is not None:
            between: Any = {"va": "center", "fontsize": 6, "color": "0.45"}
            axes.annotate(f"{row.above:.0%}", (1.02, place + 0.5), xycoords=beside, **between)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("memory span: length at which test accuracy falls through one half")


def _curves(panels: Sequence[Axes], rows: Sequence[Row]) -> None:
    for index, panel in enumerate(panels):
        mine = rows[index * ROWS_A_PANEL : (index + 1) * ROWS_A_PANEL]
        for look, row in zip(LOOKS, mine, strict=False):
            values = np.full((len(row.accuracy), max(map(len, row.accuracy))), np.nan)
            for place, own in enumerate(row.accuracy):
                values[place, : len(own)] = own
            band(panel, row.lengths, values, look, row.name, marker=True)
        panel.set_ylim(0, 1.04)
        panel.axhline(HALF, color="0.4", linewidth=0.8, linestyle=":")
        chance_line(panel)
        panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7)
    panels[-1].set_xlabel("length of the sequence")


def _ticks(lengths: Array) -> list[int]:
    """All of them, or where there are too many to read, each about twice the one before."""
    if len(lengths) <= 8:
        return [int(one) for one in lengths]
    kept = [int(lengths[0])]
    for one in lengths.tolist():
        if one >= 2 * kept[-1]:
            kept.append(one)
    return kept
