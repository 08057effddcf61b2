"""A part of a claim as a forest plot: settings as rows, intervals as lines, a threshold."""

from matplotlib.figure import Figure

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, figure, styled
from digitsum.studies.claims.forest import Forest

WIDTH = 4.2  # inches: as wide as a phone shows at the size of its text
ROW, AROUND = 0.2, 0.75  # inches
CLEAR, OPEN = LOOKS[0].colour, "white"


def forest(judged: Forest) -> Figure:
    """Filled markers: the interval is clear of the threshold; hollow: it isn't."""
    with styled():
        made = figure(WIDTH, AROUND + ROW * len(judged.rows))
        axes = made.subplots()
        axes.axvline(judged.threshold, color="0.4", linewidth=1, linestyle=(0, (4, 2)))
        for place, row in enumerate(judged.rows):
            clear = not row.low <= judged.threshold <= row.high
            axes.plot([row.low, row.high], [place, place], color=CLEAR, linewidth=2.4, alpha=0.5)
            (point,) = axes.plot(
                row.mean,
                place,
                marker="o",
                markersize=5.5,
                color=CLEAR,
                markerfacecolor=CLEAR if clear else OPEN,
            )
            hover(point, [f"{judged.axis} {row.setting}: {row.said(judged.signed)}".strip()])
        axes.set_yticks(range(len(judged.rows)), [row.setting for row in judged.rows])
        axes.set_ylim(len(judged.rows) - 0.4, -0.6)
        axes.set_ylabel(judged.axis)
        axes.set_xlabel(judged.quantity)
        axes.grid(visible=False, axis="y")
        axes.locator_params(axis="x", nbins=5)
        axes.annotate(
            f"{judged.threshold:g}",
            (judged.threshold, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color="0.35",
        )
    return made
