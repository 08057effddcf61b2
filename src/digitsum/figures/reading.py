"""One sequence going through a network: its states over time, and when the answer is there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import LOOKS, band, figure, styled

Array = np.ndarray[Any, Any]


def reading(states: Array, likely: Array, items: Sequence[int], answer: str) -> Figure:
    """Above the states of replica 0, below what the readout would answer if it were asked earlier.

    Args:
        states: of replica 0 [T, H].
        likely: the probability of `answer` by each replica's readout after each item [T, R].
        items: the sequence.
        answer: in words.
    """
    bound = max(float(np.abs(states).max()), 1e-9)
    with styled():
        made = figure(max(5.0, 0.42 * len(items) + 2.4), 5.2)
        above, below = made.subplots(2, 1, height_ratios=(2, 1), sharex=True)
        above.grid(visible=False)
        image = above.imshow(
            states.T, aspect="auto", cmap="PuOr", vmin=-bound, vmax=bound, interpolation="nearest"
        )
        made.colorbar(image, ax=above, label="state h")
        above.set_ylabel("hidden unit (replica 0)")
        band(below, np.arange(len(items)), likely, LOOKS[0], f"probability of {answer}")
        below.set_ylim(0, 1.04)
        below.set_ylabel(f"probability of {answer}")
        below.set_xlabel("item read")
        below.set_xticks(range(len(items)), [str(item) for item in items])
        replicas = likely.shape[1]
        made.suptitle(
            f"what the readout says of each state: mean and 95 % interval, {replicas} replica(s)",
            fontsize=9,
        )
    return made
