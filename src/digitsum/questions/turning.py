"""Claim 4, accuracy is not monotone: dips of the mean, and how often a single seed shows one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from digitsum.questions.curves import On, by_length, claimed
from digitsum.questions.forest import Forest, Row
from digitsum.questions.judgement import MARGIN, Claim, Judgement, Verdict
from digitsum.statistics import CONFIDENCE, RESAMPLES, Array, resampled_means
from digitsum.sweeps.collected import Sweep

WORDS = "Accuracy is not monotone in length: a turning point near 25 or 30."
NEAR = {25, 30}
NEEDS = "length 25 or 30, and one on either side of it"
CELLS = {"srn_residual": "residual SRN", "srn": "plain SRN"}


class Dip(NamedTuple):
    """By how much the mean at a length lies below the lower of its neighbours, with bounds that
    hold for all dips looked at together.
    """

    length: int
    depth: float
    low: float
    high: float


def dips(curves: Sequence[tuple[Array, Array]]) -> list[list[Dip]]:
    """Dips at all inner lengths of several curves, with simultaneous 95 % bounds.

    A dip is the smaller of two differences of means, left and right neighbour minus the length.
    The bootstrap's maximum of all studentised differences, of all curves, gives one factor for
    every bound (Efron and Tibshirani 1993, ch. 16; Romano and Wolf 2005); the bounds of a minimum
    are the minima of the bounds.

    Args:
        curves: lengths [L] and values [L, R] of each; NaN values are left out.

    Returns:
        of each curve, the dips at lengths 1 to L - 2.
    """
    stream = np.random.default_rng(0)
    observed, draws = [], []
    for _, values in curves:
        rows = [row[np.isfinite(row)] for row in values]
        means = np.array([row.mean() for row in rows])
        drawn = np.stack([resampled_means(row, stream) for row in rows])
        observed.append(np.diff(means))
        draws.append(np.diff(drawn, axis=0))
    spread = [np.maximum(one.std(1), 1e-12) for one in draws]
    off = [
        np.abs(one - centre[:, None]) / s[:, None]
        for one, centre, s in zip(draws, observed, spread, strict=True)
    ]
    factor = np.quantile(np.concatenate(off).max(0), CONFIDENCE)
    found = []
    for (lengths, _), steps, s in zip(curves, observed, spread, strict=True):
        low, high = steps - factor * s, steps + factor * s
        found.append(
            [
                Dip(
                    int(lengths[i + 1]),
                    float(min(-steps[i], steps[i + 1])),
                    float(min(-high[i], low[i + 1])),
                    float(min(-low[i], high[i + 1])),
                )
                for i in range(len(steps) - 1)
            ]
        )
    return found


def single_seed_share(values: Array) -> float:
    """How often a curve of one replica at each length falls and rises again somewhere.

    Runs of different lengths are independent, so that any replica may stand beside any other.
    """
    stream = np.random.default_rng(0)
    index = stream.integers(0, values.shape[1], (RESAMPLES, len(values), 1))
    steps = np.diff(np.take_along_axis(values[None], index, axis=2)[..., 0], axis=1)
    return float(((steps[:, :-1] < 0) & (steps[:, 1:] > 0)).any(1).mean())


def turns(found: Sequence[Dip]) -> Verdict:
    """The statement that there is a dip, of bounds that hold together: confirmed by one above zero,
    refuted where all are below the margin.
    """
    if any(dip.low > 0 for dip in found):
        return "confirmed"
    return "refuted" if all(dip.high < MARGIN for dip in found) else "not decided"


def accuracy_turns(found: Sweep) -> Claim:
    return claimed("4", WORDS, found, _judged, NEEDS)


def _judged(found: Sweep, on: On) -> list[Judgement]:
    curves = {model: by_length(found, on, model) for model in CELLS}
    curves = {
        model: curve
        for model, curve in curves.items()
        if curve.enough and NEAR & set(curve.lengths[1:-1].tolist())
    }
    if not curves:
        return []
    looked_at = dips([(curve.lengths, curve.values) for curve in curves.values()])
    judged = []
    for (model, curve), own in zip(curves.items(), looked_at, strict=True):
        depths = [Row(f"{dip.length}", dip.depth, dip.low, dip.high) for dip in own]
        forest = Forest("depth of a dip in test accuracy", depths, signed=True, margin=MARGIN)
        seen = single_seed_share(curve.values)
        alone = f"one seed alone shows a dip somewhere in {seen:.0%} of curves"
        judged.append(
            Judgement(
                f"{CELLS[model]}: the mean dips at some length (below both neighbours)",
                f"depth at {forest.listed()}; {alone}",
                f"simultaneous 95 % bounds over {sum(map(len, looked_at))} lengths and cells "
                f"(bootstrap of the maximum), n = {curve.values.shape[1]} a length",
                turns(own),
                forest,
                curve.means(),
                alone,
            )
        )
    return judged
