"""Which sum is taken for which: a confusion matrix, averaged over replicas."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import STYLE, figure, styled
from digitsum.task.examples import CLASSES


def confusion(counts: np.ndarray[Any, Any], title: str) -> Figure:
    """From counts [R, C, C] (true sum, answer): rows as fractions, mean over replicas."""
    # A person's own examples may lack a sum: then a replica has no rate, or none has.
    asked = counts.sum(2, keepdims=True)
    rates = counts / np.maximum(asked, 1)
    known = (asked > 0).sum(0)
    shown = np.where(known > 0, rates.sum(0) / np.maximum(known, 1), np.nan)
    with styled():
        made = figure(6.2, 5.4)
        axes = made.add_subplot()
        axes.grid(visible=False)
        image = axes.imshow(shown, cmap="cividis", vmin=0, vmax=1, origin="lower")
        for s, a in np.argwhere(shown >= 0.05):
            value = shown[s, a]
            axes.text(
                a,
                s,
                f"{value:.2f}".removeprefix("0"),
                ha="center",
                va="center",
                fontsize=5.5,
                color="black" if value > 0.55 else "white",
            )
        axes.set_xticks(range(CLASSES))
        axes.set_yticks(range(CLASSES))
        axes.tick_params(labelsize=STYLE["font.size"] - 2)
        axes.set_xlabel("answer")
        axes.set_ylabel("true sum")
        axes.set_title(f"{title}\nmean over {len(counts)} replica(s)", fontsize=9)
        made.colorbar(image, ax=axes, label="fraction of the sum's examples")
    return made
