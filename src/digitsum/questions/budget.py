"""Is a memory span a property of the cell, or of how long and how large it was trained?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, Look, figure, styled
from digitsum.questions.span import Span, said, spans
from digitsum.sweeps.collected import Sweep

PASSES, SIZE = "trainer.max_epochs", "model.hidden_size"
UP = r"$\uparrow$"
APART = 1.03  # times the steps that the cell before stands at, where one would hide the other
ABOVE = 1.4  # times the longest length asked, where what is beyond it ends


def span_budget(found: Sweep) -> dict[str, Figure]:
    """Spans against optimizer steps, a line a cell, a panel a size; where passes vary."""
    if PASSES not in found.varied or not found.grows:
        return {}
    known = spans(found)
    jobs = found.complete
    sizes = sorted({job.settings[SIZE] for job in jobs})
    models = list(dict.fromkeys(str(job.settings["model"]) for job in jobs))
    ticks = sorted({steps(job.settings) for job in jobs})
    lengths = [5 * 2**n for n in range(9) if 5 * 2**n <= found.grows]
    with styled():
        made = figure(1.2 + 3.2 * len(sizes), 3.8)
        row = made.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
        for axes, size in zip(row, sizes, strict=True):
            for place, (look, model) in enumerate(zip(LOOKS, models, strict=False)):
                mine = [
                    one
                    for one in known
                    if (one.settings["model"], one.settings[SIZE]) == (model, size) and one.span
                ]
                by_steps = sorted(mine, key=lambda one: steps(one.settings))
                aside = APART ** (place - (len(models) - 1) / 2)
                _line(axes, by_steps, look, model, ABOVE * found.grows, aside)
                if beyond := [aside * steps(one.settings) for one in mine if one.span == np.inf]:
                    axes.plot(
                        beyond,
                        [found.grows] * len(beyond),
                        color=look.colour,
                        marker=UP,
                        linestyle="none",
                        markersize=9,
                        clip_on=False,
                    )
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(ticks, [f"{n / 1000:g}k" for n in ticks])
            axes.set_yticks(lengths, [str(one) for one in lengths])
            axes.xaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_title(f"hidden size {size}", fontsize=9)
            axes.set_xlabel("optimizer steps")
        row[0].set_ylabel("memory span")
        handles, labels = row[0].get_legend_handles_labels()
        if handles:
            made.legend(handles, labels, loc="outside upper center", ncols=5, fontsize=8)
        made.supxlabel(f"bars: 95 % interval; arrows: beyond {found.grows}", fontsize=7)
    return {"span_budget": made}


def _line(
    axes: Axes, mine: Sequence[Span], look: Look, model: str, top: float, aside: float
) -> None:
    """Spans that have been reached, by steps; a cell that has none is in the legend, too. An
    interval without an upper end is drawn to `top`; all stands at its steps times `aside`.
    """
    reached = [one for one in mine if one.span < np.inf]
    middle, low, high = (
        np.array([getattr(one, name) for one in reached]) for name in ("span", "low", "high")
    )
    line = axes.errorbar(
        [aside * steps(one.settings) for one in reached],
        middle,
        [middle - low, np.minimum(high, top) - middle],
        color=look.colour,
        marker=look.marker,
        linestyle=look.line,
        markersize=4,
        label=model,
    )
    told = [f"{model}, {steps(one.settings)} steps: {said(one)}" for one in reached]
    hover(line.lines[0], told or [model])


def steps(settings: Mapping[str, Any]) -> int:
    """Optimizer steps: passes over a hundred examples, several times each, in batches."""
    examples = 100 * int(settings["data.copies"])
    return int(settings[PASSES]) * -(-examples // int(settings["data.batch_size"]))
