"""Memory spans: cells as rows, the interval as a bar; accuracy against length beside it."""

from typing import Any, cast

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.studies.collected import Sweep
from digitsum.studies.span import HALF, Span, said, spans

ROWS_A_PANEL = 4  # lines that one panel of curves can hold and still be read


def memory_spans(found: Sweep) -> dict[str, Figure]:
    """Where cells, learning rates and lengths vary."""
    if "data.length" not in found.varied or not {"model", "lr"} & set(found.varied):
        return {}
    rows = spans(found)
    return {"memory_span": _drawn(rows)} if rows else {}


def _drawn(rows: list[Span]) -> Figure:
    lengths = rows[0].lengths
    panels = -(-len(rows) // ROWS_A_PANEL)
    with styled():
        made = figure(11, max(3.6, 0.36 * len(rows) + 1.4))
        left, right = cast(Any, made.subfigures(1, 2, width_ratios=[1.15, 1]))
        axes = left.subplots()
        ends = (lengths[0] / 1.25, lengths[-1] * 1.25)
        for place, row in enumerate(rows):
            low, centre, high = (np.clip(v, *ends) for v in (row.low, row.span, row.high))
            axes.plot([low, high], [place, place], color=LOOKS[0].colour, linewidth=5, alpha=0.35)
            (point,) = axes.plot(centre, place, marker="o", color=LOOKS[0].colour, markersize=5)
            hover(point, [f"{row.model}: {said(row)}"])
            beside = ("axes fraction", "data")
            axes.annotate(said(row), (1.02, place), xycoords=beside, va="center", fontsize=8)
        axes.set_xscale("log")
        axes.set_xticks(lengths, [str(length) for length in lengths])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(ends[0] / 1.05, ends[1] * 1.05)
        axes.set_yticks(range(len(rows)), [row.model for row in rows])
        axes.invert_yaxis()
        axes.set_xlabel("memory span: length at which test accuracy falls through one half")
        grid = right.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
        for index, panel in enumerate(grid):
            mine = rows[index * ROWS_A_PANEL : (index + 1) * ROWS_A_PANEL]
            for look, row in zip(LOOKS, mine, strict=False):
                width = min(len(values) for values in row.accuracy)
                values = np.array([values[:width] for values in row.accuracy])
                band(panel, row.lengths, values, look, row.model, marker=True)
            panel.set_xscale("log")
            panel.set_ylim(0, 1.04)
            panel.axhline(HALF, color="0.4", linewidth=0.8, linestyle=":")
            chance_line(panel)
            panel.set_xticks(lengths, [str(length) for length in lengths])
            panel.xaxis.set_minor_locator(NullLocator())
            panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7)
        grid[-1].set_xlabel("length of the sequence")
        right.supylabel("test accuracy at the best learning rate", fontsize=9)
        replicas = min(len(values) for row in rows for values in row.accuracy)
        made.suptitle(
            f"{replicas} replicas; bars: 95 % bootstrap interval, choice of the learning rate "
            "included",
            fontsize=8,
        )
    return made
