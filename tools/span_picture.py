"""The READMEs' first picture: the memory spans that they say, of fresh examples and by heart."""

import re
from typing import Any, NamedTuple, cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from digitsum.figures.spans import PALE
from digitsum.figures.style import LOOKS, figure, styled

TICKS = (5, 10, 20, 40, 80, 160, 320, 640, 1280)
ENDS = re.compile(r"([\d.]+) \[([\d.]+), ([\d.]+)\]")


class Bar(NamedTuple):
    """In lengths of sequences; where accuracy never falls so low, all three are the longest asked,
    and it is `beyond`.
    """

    low: float
    span: float
    high: float
    beyond: bool


def bar(words: str) -> Bar | None:
    """Of `37 [34, 41]`, or `> 160`; None of words that say anything else."""
    if beyond := re.fullmatch(r"> (\d+)", words):
        longest = float(beyond[1])
        return Bar(longest, longest, longest, True)
    found = ENDS.fullmatch(words)
    if found is None:
        return None
    span, low, high = map(float, found.groups())
    return Bar(low, span, high, False)


def picture(fresh: dict[str, str], heart: dict[str, str]) -> Figure:
    """The longest above.

    Args:
        fresh: spans on fresh examples, in words, by cell.
        heart: those on three copies of each pair, learnt by heart; a pale mark beside.
    """
    known, learnt = (
        {cell: one for cell, said in words.items() if (one := bar(said)) is not None}
        for words in (fresh, heart)
    )
    order = sorted(sorted(known), key=lambda cell: known[cell].span, reverse=True)
    every = [*known.values(), *learnt.values()]
    longest = max(one.high for one in every)
    with styled():
        made = figure(8, 0.26 * len(order) + 1)
        axes = cast(Axes, made.subplots())
        for place, cell in enumerate(order):
            if cell in learnt:
                _draw(axes, place + 0.25, learnt[cell], {"color": "0.45", "alpha": PALE}, 3)
            _draw(axes, place, known[cell], {"color": LOOKS[0].colour}, 5)
            beside: Any = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 8}
            axes.annotate(fresh[cell], (1.02, place), **beside)
        axes.set_xscale("log")
        axes.set_xlim(min(one.low for one in every) / 1.2, longest * 1.2)
        axes.set_xticks([one for one in TICKS if one <= longest])
        axes.xaxis.set_major_formatter("{x:.0f}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_yticks(range(len(order)), order)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.set_xlabel("memory span: length at which test accuracy falls through one half")
        axes.set_title(
            "fresh examples, 95 % intervals; triangles: still above one half at the longest length "
            "asked;\npale: learnt by heart, on three copies of each pair",
            fontsize=8,
        )
    return made


def _draw(axes: Axes, place: float, one: Bar, look: dict[str, Any], width: float) -> None:
    axes.plot([one.low, one.high], [place] * 2, linewidth=width, **look | {"alpha": PALE})
    axes.plot(one.span, place, marker=">" if one.beyond else "o", markersize=width, **look)
