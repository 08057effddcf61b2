"""What a part of a claim was judged by, and its picture: settings as rows, intervals as lines, a
threshold.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from matplotlib.figure import Figure

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, figure, styled
from digitsum.statistics import with_interval

WIDTH = 4.2  # inches: as wide as a phone shows at the size of its text
ROW, AROUND = 0.2, 0.75  # inches
CLEAR, OPEN = LOOKS[0].colour, "white"


class Row(NamedTuple):
    """A number and its interval, at one setting."""

    setting: str
    mean: float
    low: float
    high: float

    def said(self, signed: bool = False) -> str:
        """`0.933 [0.918, 0.947]`; with signs `+0.012 [-0.003, +0.027]`."""
        return with_interval(self.mean, self.low, self.high, sign="+" * signed)


class Forest(NamedTuple):
    """Rows against a threshold: a row holds where its interval lies on the statement's side.

    Args:
        quantity: what the numbers are, with their unit.
        rows: one a setting.
        threshold: from which the numbers are told apart.
        signed: whether they are differences, written with their signs.
        axis: what the settings are.
        margin: within which of the threshold a difference is too small to matter; 0 where no size
            is known to be.
    """

    quantity: str
    rows: Sequence[Row]
    threshold: float = 0.0
    signed: bool = False
    axis: str = "length"
    margin: float = 0.0

    def listed(self) -> str:
        """`5: +0.012 [...]; 10: ...`."""
        return "; ".join(f"{row.setting}: {row.said(self.signed)}" for row in self.rows)


class Measured(Protocol):
    """What has a mean and an interval: a `Summary`, a `Difference`."""

    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def rows(settings: Iterable[Any], measured: Iterable[Measured]) -> list[Row]:
    """One row a setting."""
    pairs = zip(settings, measured, strict=True)
    return [Row(str(setting), one.mean, one.low, one.high) for setting, one in pairs]


def forest(judged: Forest) -> Figure:
    """Filled markers: the interval is clear of the threshold; hollow: it isn't."""
    with styled():
        made = figure(WIDTH, AROUND + ROW * len(judged.rows))
        axes = made.subplots()
        axes.axvline(judged.threshold, color="0.4", linewidth=1, linestyle=(0, (4, 2)))
        if judged.margin:
            ends = judged.threshold - judged.margin, judged.threshold + judged.margin
            band = axes.axvspan(*ends, color="0.5", alpha=0.18, linewidth=0)
            hover(band, [f"within {judged.margin:.2g} of it: too small to matter"])
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
