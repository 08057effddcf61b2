"""Which answer is taken for which: a confusion matrix, averaged over replicas."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import STYLE, figure, styled
from digitsum.task.question import SUM, Question

READABLE = 30  # classes, beyond which cells are too small for numbers


def confusion(counts: np.ndarray[Any, Any], title: str, asked: Question = SUM) -> Figure:
    """From counts [R, C, C] (true label, answer): rows as fractions, mean over replicas."""
    # A person's own examples may lack a label: then a replica has no rate, or none has.
    there = counts.sum(2, keepdims=True)
    rates = counts / np.maximum(there, 1)
    known = (there > 0).sum(0)
    shown = np.where(known > 0, rates.sum(0) / np.maximum(known, 1), np.nan)
    with styled():
        made = figure(6.2, 5.4)
        axes = made.add_subplot()
        axes.grid(visible=False)
        image = axes.imshow(shown, cmap="cividis", vmin=0, vmax=1, origin="lower")
        readable = asked.classes <= READABLE
        for s, a in np.argwhere(shown >= 0.05) if readable else ():
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
        ticks = range(0, asked.classes, 1 if readable else -(-asked.classes // 10))
        axes.set_xticks(ticks, [asked.said(tick) for tick in ticks])
        axes.set_yticks(ticks, [asked.said(tick) for tick in ticks])
        axes.tick_params(labelsize=STYLE["font.size"] - 2)
        axes.set_xlabel("answer")
        axes.set_ylabel(f"true {asked.ask}")
        axes.set_title(f"{title}\nmean over {len(counts)} replica(s)", fontsize=9)
        made.colorbar(image, ax=axes, label=f"fraction of the {asked.ask}'s examples")
    return made
