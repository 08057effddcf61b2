"""What all figures share: colours that survive colour blindness and grey print, bands, saving."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from digitsum.figures.hover import hover
from digitsum.task.question import SUM

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells each glyph of a PDF


class Look(NamedTuple):
    """Colour (Okabe and Ito 2008), marker and line style: each alone tells lines apart."""

    colour: str
    marker: str
    line: str


LOOKS = [
    Look("#0072B2", "o", "-"),
    Look("#D55E00", "s", "--"),
    Look("#009E73", "^", "-."),
    Look("#CC79A7", "D", ":"),
    Look("#56B4E9", "v", (0, (5, 1, 1, 1, 1, 1))),  # type: ignore[arg-type]
    Look("#E69F00", "P", (0, (3, 2))),  # type: ignore[arg-type]
    Look("#000000", "X", (0, (1, 3))),  # type: ignore[arg-type]
]

DPI = 160  # of a PNG, and of what is drawn as an image in other formats: clouds of dots, maps
STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "pdf.fonttype": 42,
}


def figure(width: float = 6.4, height: float = 4.0) -> Figure:
    """An empty figure; sizes in inches. No pyplot: nothing global, nothing to close."""
    return Figure(figsize=(width, height), layout="constrained")


def styled() -> Any:
    """A context in which axes are made in this style."""
    return rc_context(cast(Any, STYLE))


def save(made: Figure, stem: Path) -> Path:
    """Save as PNG and PDF, without dates inside, and return the PNG's path.

    By the canvases themselves: `savefig` draws each file twice, to be sure of a layout that is
    made while drawing anyway.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    png = stem.with_name(stem.name + ".png")
    with styled():
        made.set_dpi(DPI)
        agg: Any = FigureCanvasAgg(made)
        agg.print_png(png, metadata={"Software": None})
        made.set_layout_engine("none")  # laid out once is enough
        pdf: Any = FigureCanvasPdf(made)
        dateless = {"CreationDate": None, "Producer": None}
        pdf.print_pdf(stem.with_name(stem.name + ".pdf"), metadata=dateless)
    return png


def chance_line(axes: Axes, chance: float = SUM.chance) -> None:
    """Accuracy by chance: of sums 0.10 (always answer 9), not 1/19."""
    axes.axhline(chance, color="0.4", linewidth=0.9, linestyle=(0, (1, 1)))
    axes.annotate(
        f"chance\n{chance:.2f}",  # beside the axes, since points lie on the line
        (1, chance),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=7,
        color="0.35",
    )


def band(
    axes: Axes,
    x: Sequence[float] | np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    look: Look,
    label: str,
    marker: bool = False,
    places: Sequence[str] | None = None,
) -> None:
    """A line with its 95 % bootstrap band: `values` [points, R]. One replica has no band.

    `places`: what the points are called where the pointer rests on them, else their `x`.
    """
    from digitsum.statistics import intervals, with_interval

    means, low, high = intervals(values)
    (line,) = axes.plot(
        x,
        means,
        color=look.colour,
        linestyle=look.line,
        marker=look.marker if marker else None,
        markersize=4,
        linewidth=1.6,
        label=label,
    )
    called = places or [f"{at:g}" for at in x]
    points = zip(called, means, low, high, strict=True) if marker else ()
    told = [
        f"{label} at {at}: {with_interval(*point)}"
        for at, *point in points
        if np.isfinite(point[0])
    ]
    hover(line, told or [label])
    if np.isfinite(low).any():
        axes.fill_between(x, low, high, color=look.colour, alpha=0.2, linewidth=0)
