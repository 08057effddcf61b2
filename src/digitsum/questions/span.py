"""A cell's memory span: the length at which its mean test accuracy falls through one half.

At each length a cell is asked at the learning rate that suits it best there, chosen on dev and
judged on test. A falling curve through the lengths says where one half is crossed, on a log axis.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.crossing import HALF, RESAMPLES, crossing, falling
from digitsum.sweeps.jobs import LENGTH, Array, Job

ROWS_A_PANEL = 4  # lines that one panel of curves can hold and still be read


class Span(NamedTuple):
    """A cell's span with its 95 % interval, and what it was made from.

    `span`, `low` and `high` are 0 where accuracy is below one half at the shortest length already,
    infinite where it never is. `accuracy` [L, R] is on test at the best learning rates `lr` [L].
    """

    model: str
    lengths: Array
    lr: list[float]
    accuracy: list[Array]
    span: float
    low: float
    high: float


def spans(found: Sweep) -> list[Span]:
    """Of each cell that has three lengths or more, the longest span first.

    The interval resamples the replicas of every job and chooses the learning rates anew, so that it
    includes the choice.
    """
    groups: dict[str, dict[int, list[Job]]] = {}
    for job in found.complete:
        by_length = groups.setdefault(job.settings["model"], {})
        by_length.setdefault(job.settings[LENGTH], []).append(job)
    made = [_span(model, jobs) for model, jobs in groups.items() if len(jobs) >= 3]
    return sorted(made, key=lambda one: (one.span, np.mean(one.accuracy[-1])), reverse=True)


def _span(model: str, by_length: dict[int, list[Job]]) -> Span:
    stream = np.random.default_rng(0)
    lengths = np.array(sorted(by_length))
    curve, drawn, rates, accuracy = [], [], [], []
    for length in lengths:
        jobs = by_length[length]
        dev, test = (
            [job.values(m) for job in jobs] for m in ("best_dev_accuracy", "test_accuracy")
        )
        best = int(np.argmax([_mean(values) for values in dev]))
        rates.append(float(jobs[best].settings["lr"]))
        accuracy.append(test[best])
        curve.append(_mean(test[best]))
        drawn.append(_resampled(dev, test, stream))
    draws = crossing(lengths, falling(np.stack(drawn, -1)))
    low, high = np.quantile(draws, [0.025, 0.975], method="inverted_cdf")
    centre = crossing(lengths, falling(np.array(curve)))
    return Span(model, lengths, rates, accuracy, float(centre), float(low), float(high))


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def _resampled(dev: Sequence[Array], test: Sequence[Array], stream: np.random.Generator) -> Array:
    """Test means of the learning rate that is best on dev, in each of the bootstrap's draws."""
    means = []
    for pair in zip(dev, test, strict=True):
        known = np.nan_to_num(np.stack(pair))  # a replica without a value has learned nothing
        index = stream.integers(0, known.shape[1], (RESAMPLES, known.shape[1]))
        means.append(known[:, index].mean(-1))
    on_dev, on_test = np.stack(means).swapaxes(0, 1)  # [jobs, draws] each
    return np.asarray(np.take_along_axis(on_test, on_dev.argmax(0)[None], 0)[0])


def said(one: Span) -> str:
    """`37 [31, 45]`; `> 280` where the lengths don't reach; `none (below 0.5 at 5)` of a cell that
    isn't above one half at the shortest, which is no short memory but another trouble.
    """

    def length(value: float) -> str:
        if value == 0:
            return f"< {one.lengths[0]}"
        return f"> {one.lengths[-1]}" if np.isinf(value) else f"{value:.0f}"

    ends = length(one.low), length(one.high)
    if one.high == 0:
        return f"none (below {HALF} at {one.lengths[0]})"
    beyond = np.isinf(one.low)  # of which there is no more to say
    return length(one.span) if beyond else f"{length(one.span)} [{ends[0]}, {ends[1]}]"


def span_table(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Spans in words, with the learning rate chosen at each length."""
    made = spans(found)
    if not made:
        return {}
    head = ["cell", "span [95 %]", *(f"lr at {length}" for length in made[0].lengths)]
    rows = [[one.model, said(one), *(f"{lr:g}" for lr in one.lr)] for one in made]
    return {"Memory span: the length at which test accuracy falls through one half": (head, rows)}


def furthest(found: Sweep) -> str:
    """Cells by their memory span, the longest first."""
    known = spans(found)
    if not known:
        return ""
    told = ", ".join(f"{one.model} {said(one)}" for one in known)
    return (
        "Memory span, the length at which test accuracy falls through one half, each cell at its "
        f"best learning rate: {told}."
    )


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
