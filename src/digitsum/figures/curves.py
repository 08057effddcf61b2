"""Loss and accuracy of train and dev against optimizer step, with the band over replicas."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.task.question import SUM


def curves(
    arrays: dict[str, np.ndarray[Any, Any]], title: str, chance: float = SUM.chance
) -> Figure:
    """From `digitsum.training.curves.Curves.arrays`: `step` [S], each measure [S, R]."""
    replicas = arrays["dev_loss"].shape[1]
    spread = f"mean and 95 % interval over {replicas} replicas" if replicas > 1 else "one replica"
    with styled():
        made = figure(8.4, 3.6)
        for place, measure in enumerate(("loss", "accuracy"), 1):
            axes = made.add_subplot(1, 2, place)
            for split, look in zip(("train", "dev"), LOOKS, strict=False):
                band(axes, arrays["step"], arrays[f"{split}_{measure}"], look, split)
            axes.set_xlabel("optimizer step")
            axes.set_ylabel("cross-entropy (nats)" if measure == "loss" else "accuracy")
            if measure == "accuracy":
                axes.set_ylim(0, 1.02)
                chance_line(axes, chance)
            axes.legend()
        made.suptitle(f"{title}\n{spread}", fontsize=9)
    return made
