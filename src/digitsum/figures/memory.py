"""What a linear probe still reads from the hidden state, against time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.task.question import SUM


def memory(
    accuracy: np.ndarray[Any, Any], names: Sequence[str], chance: float | None = SUM.chance
) -> Figure:
    """From accuracy [targets, R, T]: mean and 95 % interval over replicas at each time.

    `chance` is that of guessing a single one; of both at once nobody needs a line.
    """
    length = accuracy.shape[2]
    with styled():
        made = figure(6.4, 3.8)
        axes = made.add_subplot()
        for look, name, values in zip(LOOKS, names, accuracy, strict=False):
            band(axes, np.arange(1, length + 1), values.T, look, name, marker=length <= 40)
        if chance is not None:
            chance_line(axes, chance)
        axes.set_ylim(0, 1.04)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("time t (digits read so far)")
        axes.set_ylabel("held-out accuracy of a linear probe on h_t")
        axes.legend(title="read from h_t", loc="center left", bbox_to_anchor=(1.0, 0.5))
        replicas = accuracy.shape[1]
        axes.set_title(f"mean and 95 % interval over {replicas} replica(s)", fontsize=9)
    return made
