"""Heat maps of accuracy, trained length x asked length, a panel each setting."""

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import figure, styled

COLUMNS = 4


def asked_at_lengths(
    cells: dict[tuple[str, int, int], float], split: str, by_chance: str
) -> Figure:
    """From means by (setting, trained length, asked length)."""
    settings = list(dict.fromkeys(setting for setting, _, _ in cells))
    trained = sorted({length for _, length, _ in cells})
    asked = sorted({length for _, _, length in cells})
    columns = min(COLUMNS, len(settings))
    rows = -(-len(settings) // columns)
    with styled():
        width, height = 0.9 + 0.42 * len(asked), 0.8 + 0.4 * len(trained)
        made = figure(1.2 + columns * width, 1 + rows * height)
        grid = made.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for axes, setting in zip(grid, settings, strict=False):
            shown = np.array([[cells.get((setting, t, a), np.nan) for a in asked] for t in trained])
            image = axes.imshow(shown, "cividis", aspect="auto", vmin=0, vmax=1, origin="lower")
            axes.grid(visible=False)
            axes.set_title(setting, fontsize=9)
            axes.set_xticks(range(len(asked)), [str(a) for a in asked])
            axes.set_yticks(range(len(trained)), [str(t) for t in trained])
            for (y, x), value in np.ndenumerate(shown):
                if np.isfinite(value):
                    colour = "black" if value > 0.55 else "white"
                    text = f"{value:.2f}"
                    axes.text(x, y, text, ha="center", va="center", fontsize=6.5, color=colour)
        for axes in grid[len(settings) :]:
            axes.set_visible(False)
        made.supxlabel("asked at length", fontsize=9)
        made.supylabel("trained at length", fontsize=9)
        title = f"{split} accuracy, mean over replicas (intervals: CSV); by chance {by_chance}"
        made.suptitle(title, fontsize=9)
        made.colorbar(image, ax=list(grid[: len(settings)]), label="accuracy")
    return made
