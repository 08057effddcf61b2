"""Train against dev loss over a training, one panel a length."""

import re

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, figure, styled
from digitsum.statistics import intervals, with_interval
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import LENGTH, Job

SMOOTHING = 10  # evaluations a moving mean takes in: single ones of 100 steps hide the course


def losses(found: Sweep) -> dict[str, Figure]:
    """A figure for each setting beside length and cell, where the length varies."""
    if LENGTH not in found.varied:
        return {}
    groups = {
        ", ".join(f"{key} {value}" for key, value in agreed): jobs
        for agreed, jobs in found.alike(LENGTH, "model").items()
    }
    return {
        "losses" + (f"_{re.sub(r'[^0-9A-Za-z.]+', '_', name)}" if name else ""): _panels(
            jobs, f"train and dev loss{': ' + name if name else ''}"
        )
        for name, jobs in groups.items()
    }


def _panels(jobs: list[Job], title: str) -> Figure:
    """Jobs of one setting but for length and cell: a panel a length, a colour a cell."""
    lengths = sorted({job.settings[LENGTH] for job in jobs})
    models = list(dict.fromkeys(job.settings["model"] for job in jobs))
    columns = min(4, len(lengths))
    rows = -(-len(lengths) // columns)
    with styled():
        made = figure(2.6 * columns + 0.6, 2.3 * rows + 0.9)
        grid = made.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, length in zip(grid, lengths, strict=False):
            axes.set_title(f"length {length}", fontsize=9)
            for look, model in zip(LOOKS, models, strict=False):
                for job in jobs:
                    if (job.settings[LENGTH], job.settings["model"]) != (length, model):
                        continue
                    arrays = job.arrays()
                    for split, line in (("train", "-"), ("dev", "--")):
                        step, values = _smooth(arrays["step"], arrays[f"{split}_loss"])
                        mean, low, high = intervals(values, resamples=500)
                        (drawn,) = axes.plot(
                            step,
                            mean,
                            color=look.colour,
                            linestyle=line,
                            linewidth=1.2,
                            label=f"{model}, {split}",
                        )
                        ends = with_interval(mean[-1], low[-1], high[-1])
                        hover(drawn, [f"{model}, {split}, length {length}: ends at {ends}"])
                        axes.fill_between(
                            step, low, high, color=look.colour, alpha=0.2, linewidth=0
                        )
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=9))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
        for axes in grid[len(lengths) :]:
            axes.set_visible(False)
        handles, labels = grid[0].get_legend_handles_labels()
        made.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=len(models) if len(models) <= 4 else -(-len(models) // 2),  # a cell below itself
            title=f"{title}: mean and 95 % interval over replicas",
        )
        made.supxlabel("optimizer step", fontsize=9)
        made.supylabel("cross-entropy (nats)", fontsize=9)
    return made


def _smooth(
    step: np.ndarray[tuple[int], np.dtype[np.int64]],
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int, int], np.dtype]]:
    """Means over successive windows of evaluations, at each window's last step."""
    count = len(step) // SMOOTHING
    if count < SMOOTHING:
        return step, values
    kept = values[: count * SMOOTHING].reshape(count, SMOOTHING, -1)
    return step[SMOOTHING - 1 : count * SMOOTHING : SMOOTHING], kept.mean(1)
