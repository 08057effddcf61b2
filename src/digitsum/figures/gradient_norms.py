"""Gradient norms against optimizer step, on a log axis: median and band over replicas."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitsum.figures.hover import hover
from digitsum.figures.style import LOOKS, Look, figure, styled
from digitsum.statistics import with_interval

POINTS = 400  # more than a line's width in pixels can show
FLOOR = 1e-12  # what a log axis shows for a gradient that is exactly zero
Array = np.ndarray[Any, Any]


def median_band(axes: Axes, step: Array, values: Array, look: Look, label: str) -> None:
    """Median of `values` [S, R] over replicas, its band the 10th to the 90th percentile."""
    stride = -(-len(step) // POINTS)
    if stride > 1:  # a window of steps becomes its median, else spikes would fill the panel
        count = len(step) // stride
        step = step[: count * stride : stride]
        values = np.median(values[: count * stride].reshape(count, stride, -1), axis=1)
    shown = np.clip(np.where(np.isfinite(values), values, np.nan), FLOOR, None)
    known = np.isfinite(shown).any(1)
    low, middle, high = np.nanpercentile(shown[known], [10, 50, 90], axis=1)
    (line,) = axes.plot(
        step[known], middle, color=look.colour, linestyle=look.line, linewidth=1.4, label=label
    )
    axes.fill_between(step[known], low, high, color=look.colour, alpha=0.2, linewidth=0)
    ends = with_interval(middle[-1], low[-1], high[-1], ".2g")
    hover(line, [f"{label}: ends at {ends}"])


def gradient_norms(arrays: dict[str, Array], bound: float | None) -> Figure:
    """One panel a parameter, one line a gate; before clipping, and after it where the run clips."""
    names = [str(name) for name in arrays["names"]]
    parameters = list(dict.fromkeys(name.partition("_")[0] for name in names))
    replicas = arrays["before"].shape[2]
    with styled():
        made = figure(3.2 * len(parameters), 3.8)
        panels = made.subplots(1, len(parameters), sharey=True, squeeze=False)[0]
        for axes, parameter in zip(panels, parameters, strict=True):
            mine = [i for i, name in enumerate(names) if name.partition("_")[0] == parameter]
            for look, index in zip(LOOKS, mine, strict=False):
                gate = names[index].partition("_")[2]
                label = f"gate {gate}" if gate else "before clipping"
                values = arrays["before"][:, index]
                median_band(axes, arrays["step"], values, look, label)
            if bound is not None and len(mine) == 1:
                values = arrays["after"][:, mine[0]]
                median_band(axes, arrays["step"], values, LOOKS[1], "after clipping")
            axes.set_yscale("log")
            axes.set_title(f"gradient of {parameter}", fontsize=9)
            axes.set_xlabel("optimizer step")
            axes.legend()
        panels[0].set_ylabel("L2 norm")
        clipped = "unclipped" if bound is None else f"clipped at {bound:g}"
        spread = f"median and 10th to 90th percentile of {replicas} replica(s)"
        made.suptitle(f"{clipped}; {spread}", fontsize=9)
    return made
