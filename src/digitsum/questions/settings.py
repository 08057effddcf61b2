"""Settings of any kind side by side: a measure against what varied, the best on dev, a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from digitsum.figures.style import LOOKS, Look, band, chance_line, figure, styled
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import LENGTH, Job, shown

MEASURES = {"test_accuracy": "test accuracy", "best_dev_accuracy": "best dev accuracy"}
_LOGARITHMIC = ("lr", "clip.value", "model.hidden_size", "data.batch_size")


def roles(found: Sweep) -> tuple[str | None, str | None]:
    """Which varied setting is the x axis, which tells lines apart; all others tell panels apart.

    The length is the x axis where it varies, else the number with most values; the cell tells
    lines apart, else the setting with most values that fit the palette.
    """
    values = {key: _values(found.complete, key) for key in found.varied}
    numeric = [key for key, v in values.items() if all(isinstance(o, int | float) for o in v)]
    x = "data.length" if "data.length" in values else None
    if x is None and numeric:
        x = max(numeric, key=lambda key: len(values[key]))
    rest = [key for key in values if key != x]
    lines = "model" if "model" in rest else None
    if lines is None and rest:
        fitting = [key for key in rest if len(values[key]) <= len(LOOKS)]
        lines = max(fitting, key=lambda key: len(values[key]), default=None)
    return x, lines


def _values(jobs: Sequence[Job], key: str) -> list[Any]:
    """Numbers ascending; names in the order of the sweep, so that a cell keeps its colour."""
    found = list(dict.fromkeys(job.settings.get(key) for job in jobs))
    return sorted(found) if all(isinstance(one, int | float) for one in found) else found


def accuracy(found: Sweep) -> dict[str, Figure]:
    """One row of panels a measure, one panel each value of what is neither axis nor line."""
    jobs = found.complete
    x, lines = roles(found)
    # Of a search nobody looks at test accuracies before the best is chosen.
    if not jobs or found.trials or (x is None and lines is None):
        return {}
    apart = [key for key in (x, lines) if key is not None]
    groups = {
        ", ".join(f"{key} {value}" for key, value in agreed): members
        for agreed, members in found.alike(*apart).items()
    }
    with styled():
        made = figure(max(6.4, 3.3 * len(groups)), 6.2)
        axes = made.subplots(len(MEASURES), len(groups), sharex=True, sharey=True, squeeze=False)
        for index, (measure, words) in enumerate(MEASURES.items()):
            row = axes[index]
            for place, (name, members) in zip(row, groups.items(), strict=True):
                _panel(place, members, measure, x, lines)
                place.set_title(name if index == 0 else "", fontsize=9)
                place.set_ylim(0, 1.04)
                for chance in dict.fromkeys(job.chance for job in members):
                    chance_line(place, chance)
            row[0].set_ylabel(words)
        for place in axes[-1]:
            place.set_xlabel(_words(x or lines or ""))
        handles, labels = axes[0][0].get_legend_handles_labels()
        if lines is not None and x is not None:
            made.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)))
        replicas = len(jobs[0].values("test_accuracy"))
        made.supxlabel(
            f"dots: {replicas} replica(s); line: mean; band: 95 % bootstrap interval", fontsize=7
        )
    return {"accuracy": made}


def _words(key: str) -> str:
    return {"data.length": "length of the sequence", "lr": "learning rate"}.get(key, key)


def _panel(axes: Axes, jobs: list[Job], measure: str, x: str | None, lines: str | None) -> None:
    if x is None:
        _categories(axes, jobs, measure, lines or "")
        return
    names = _values(jobs, lines) if lines else [None]
    # Dots of different lines stand side by side, not on top of each other.
    for place, (look, name) in enumerate(zip(LOOKS, names, strict=False)):
        mine = [job for job in jobs if lines is None or job.settings[lines] == name]
        mine.sort(key=lambda job: job.settings[x])
        at = np.array([job.settings[x] for job in mine], float)
        values = np.array([job.values(measure) for job in mine])
        ordered = logarithmic(x)
        step = (place - (len(names) - 1) / 2) * (0.035 if ordered else 0.35)
        shifted = at * 10**step if ordered else at + step
        _dots(axes, shifted, values, look)
        label = "" if name is None else f"{name}"
        band(axes, at, values, look, label, marker=True)
        if ordered:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
    ticks = _values(jobs, x)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])


def _categories(axes: Axes, jobs: list[Job], measure: str, key: str) -> None:
    names = _values(jobs, key)
    for place, name in enumerate(names):
        look = LOOKS[place % len(LOOKS)]
        values = np.array([job.values(measure) for job in jobs if job.settings[key] == name])
        _dots(axes, np.full(len(values), place - 0.12), values, look)
        told = [key] * len(values)
        band(axes, [place] * len(values), values, look, str(name), marker=True, places=told)
    axes.set_xticks(range(len(names)), [str(name) for name in names])
    axes.set_xlim(-0.6, len(names) - 0.4)


def _dots(axes: Axes, at: np.ndarray[Any, Any], values: np.ndarray[Any, Any], look: Look) -> None:
    spread = np.repeat(at, values.shape[1])
    # An image where everything else is lines: a page would hold each of thousands of dots.
    axes.scatter(
        spread, values.ravel(), s=7, color=look.colour, alpha=0.25, linewidths=0, rasterized=True
    )


def logarithmic(key: str) -> bool:
    return key in _LOGARITHMIC


def best_setting(found: Sweep) -> str:
    """Chosen on dev, told on test."""
    jobs = found.ranked
    if len(jobs) < 2 or not found.varied:
        return ""
    first, last = jobs[0], jobs[-1]
    return (
        f"Best on dev is {first.name(found.varied)}, with test accuracy {first.tested}; worst is "
        f"{last.name(found.varied)}, with {last.tested}. By chance it is {found.by_chance}."
    )


def side_by_side(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Test accuracy, where one setting varies beside cell and length."""
    others = [key for key in found.varied if key not in ("model", LENGTH)]
    if len(others) != 1 or not found.complete:
        return {}
    (key,) = others
    values = list(dict.fromkeys(str(job.settings[key]) for job in found.complete))
    rows: dict[tuple[str, int], dict[str, Job]] = {}
    for job in found.complete:
        place = rows.setdefault((job.settings["model"], job.settings[LENGTH]), {})
        place[str(job.settings[key])] = job
    body = [
        [model, str(length), *(str(jobs[v].tested) if v in jobs else "-" for v in values)]
        for (model, length), jobs in rows.items()
    ]
    head = ["cell", "length", *(shown(value) for value in values)]
    return {f"Test accuracy by {key}": (head, body)}
