"""Is a memory span a property of the cell, or of how long and how large it was trained?"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, figure, styled
from digitsum.questions.span import Span, said, spans
from digitsum.sweeps.collected import Sweep

STEPS, SIZE = "trainer.max_epochs", "model.hidden_size"
PASS = 38  # optimizer steps, of 300 examples in batches of 8


def span_budget(found: Sweep) -> dict[str, Figure]:
    """Spans against optimizer steps, a line a cell, a panel a size; where passes vary."""
    if STEPS not in found.varied or not found.grows:
        return {}
    sizes = sorted({job.settings[SIZE] for job in found.complete})
    known = {_place(found, one): one for one in spans(found)}
    models = list(dict.fromkeys(job.settings["model"] for job in found.complete))
    passes = sorted({job.settings[STEPS] for job in found.complete})
    with styled():
        made = figure(1.2 + 3.2 * len(sizes), 3.8)
        row = made.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
        for axes, size in zip(row, sizes, strict=True):
            for look, model in zip(LOOKS, models, strict=False):
                mine = [(n, known[model, n, size]) for n in passes if (model, n, size) in known]
                mine = [(n, one) for n, one in mine if 0 < one.span < np.inf]
                if not mine:
                    continue
                steps = [PASS * n for n, _ in mine]
                middle = np.array([one.span for _, one in mine])
                ends = np.array([(one.span - one.low, one.high - one.span) for _, one in mine]).T
                line = axes.errorbar(
                    steps,
                    middle,
                    ends.clip(0, 1e9),
                    color=look.colour,
                    marker=look.marker,
                    linestyle=look.line,
                    markersize=4,
                    label=model,
                )
                told = [
                    f"{model}, {n} steps: {said(one)}"
                    for n, (_, one) in zip(steps, mine, strict=True)
                ]
                hover(line.lines[0], told)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks([PASS * n for n in passes], [f"{PASS * n:,}" for n in passes])
            axes.xaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_formatter("{x:g}")
            axes.set_title(f"hidden size {size}", fontsize=9)
            axes.set_xlabel("optimizer steps")
        row[0].set_ylabel("memory span")
        handles, labels = row[0].get_legend_handles_labels()
        if handles:
            made.legend(handles, labels, loc="outside upper center", ncols=5, fontsize=8)
        made.supxlabel(
            "bars: 95 % interval; what is beyond the longest length isn't drawn", fontsize=7
        )
    return {"span_budget": made}


def _place(found: Sweep, one: Span) -> tuple[str, int, int]:
    """Cell, passes and size of a span."""
    settings = one.settings
    return str(settings["model"]), int(settings[STEPS]), int(settings[SIZE])
