"""What a search has found: its best, and its trials in their order."""

from itertools import accumulate

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, chance_line, figure, styled
from digitsum.questions.settings import logarithmic
from digitsum.statistics import intervals
from digitsum.sweeps.collected import Sweep


def found_by_search(found: Sweep) -> str:
    """The best on dev, and how it alone does on test, on which nothing was chosen."""
    best = found.best
    if not found.trials or best is None:
        return ""
    dev = best.summary("best_dev_accuracy")
    return (
        f"Best of {len(found.complete)} on dev is {best.name(found.varied)}, with {dev}, which "
        f"flatters the best of many; its test accuracy is {best.tested}, by chance "
        f"{found.by_chance}."
    )


def history(found: Sweep) -> dict[str, Figure]:
    """Trials in their order; then dev accuracy against each setting that was searched."""
    jobs = found.complete
    if not found.trials or not jobs:
        return {}
    keys = [key for key in found.varied if _is_number(jobs[0].settings[key])]
    values = [job.values("best_dev_accuracy") for job in jobs]
    width = min(map(len, values))
    means, low, high = intervals(np.array([one[:width] for one in values]))
    order = np.arange(1, len(jobs) + 1)
    best = list(accumulate(np.nan_to_num(means), max))
    told = [f"{job.name(found.varied)}: {m:.3f}" for job, m in zip(jobs, means, strict=True)]
    with styled():
        made = figure(3.6 * (1 + len(keys)) + 0.4, 3.6)
        panels = made.subplots(1, 1 + len(keys), sharey=True, squeeze=False)[0]
        panels[0].step(
            order, best, where="post", color=LOOKS[1].colour, label="best so far", linestyle="--"
        )
        panels[0].set_xlabel("trial")
        panels[0].legend(loc="upper left")
        panels[0].xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].set_ylabel("best dev accuracy")
        places = [order, *(np.array([float(job.settings[key]) for job in jobs]) for key in keys)]
        for axes, at in zip(panels, places, strict=True):
            axes.vlines(at, low, high, color=LOOKS[0].colour, alpha=0.4, linewidth=2)
            (points,) = axes.plot(at, means, "o", color=LOOKS[0].colour, markersize=4)
            hover(points, told)
            axes.set_ylim(0, 1.04)
            chance_line(axes, found.complete[0].chance)
        for axes, key in zip(panels[1:], keys, strict=True):
            axes.set_xlabel(key)
            axes.set_xscale("log" if logarithmic(key) else "linear")
        made.suptitle(f"{width} replica(s) a trial: mean and 95 % interval", fontsize=9)
    return {"history": made}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
