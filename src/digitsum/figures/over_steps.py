"""Measures against optimizer step, one panel each: mean and 95 % interval over replicas."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import LOOKS, band, figure, styled

POINTS = 400  # more than a line's width in pixels can show


def over_steps(
    step: np.ndarray[Any, Any],
    panels: dict[str, np.ndarray[Any, Any]],
    label: str,
    zero: float | None = None,
) -> Figure:
    """`panels`: title -> values [S, R]; `zero` draws a line that means something."""
    stride = max(1, len(step) // POINTS)
    with styled():
        made = figure(3.6 * len(panels) + 0.6, 3.4)
        grid = made.subplots(1, len(panels), squeeze=False)[0]
        for axes, (title, values) in zip(grid, panels.items(), strict=True):
            band(axes, step[::stride], values[::stride], LOOKS[0], title)
            axes.set_title(title, fontsize=9)
            axes.set_xlabel("optimizer step")
            if zero is not None:
                axes.axhline(zero, color="0.4", linewidth=0.8, linestyle=":")
        grid[0].set_ylabel(label)
        replicas = next(iter(panels.values())).shape[1]
        made.suptitle(f"mean and 95 % interval over {replicas} replica(s)", fontsize=9)
    return made
