"""Gradient flow: a heat map of dL/dh_t over training, and the memory horizon with its band."""

from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from digitsum.figures.style import LOOKS, band, figure, styled

Array = np.ndarray[Any, Any]


def flow(step: Array, norms: Array, horizon: Array) -> Figure:
    """From norms [S, R, T] (shown: the median over replicas) and horizons [S, R]."""
    length = norms.shape[2]
    positive = np.where(np.isfinite(norms) & (norms > 0), norms, np.nan)
    with np.errstate(all="ignore"), styled():
        # Where no replica has a positive gradient left, the smallest float stands for zero.
        lost = ~np.isfinite(positive).any(1)
        positive[:, 0][lost] = np.finfo(np.float32).tiny
        shown = np.nanmedian(positive, 1)
        made = figure(9.0, 3.6)
        left, right = made.subplots(1, 2, width_ratios=(1.35, 1))
        left.grid(visible=False)
        bottom = max(float(np.nanmin(shown)), float(np.nanmax(shown)) * 1e-12)
        edges = np.append(step, step[-1] + (step[-1] - step[-2] if len(step) > 1 else 1))
        image = left.pcolormesh(
            edges,
            np.arange(0.5, length + 1),
            np.clip(shown, bottom, None).T,
            norm=LogNorm(bottom, float(np.nanmax(shown))),
            cmap="cividis",
        )
        made.colorbar(image, ax=left, label="norm of dL/dh_t")
        left.set_xlabel("optimizer step")
        left.set_ylabel("time t")
        left.set_title("median over replicas", fontsize=9)
        band(right, step, horizon, LOOKS[0], "")
        right.axhline(length, color="0.4", linewidth=0.8, linestyle=":")
        right.set_ylim(0, length * 1.08)
        right.set_xlabel("optimizer step")
        right.set_ylabel("memory horizon (digits)")
        right.set_title("lag at which dL/dh_t falls below 1 %\nmean, 95 % interval", fontsize=9)
    return made
