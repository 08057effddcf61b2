"""Claim 2: the residual connection remembers, and closes the gap between train and dev loss."""

import numpy as np

from digitsum.questions.curves import On, by_length, claimed
from digitsum.questions.forest import Forest
from digitsum.questions.judgement import MARGIN, Claim, Judgement, compared_at, decide, rests_on
from digitsum.statistics import difference, resampled_means
from digitsum.sweeps.collected import Sweep

HIGH = 0.8
GAP = "difference of gaps in loss (nats)"
WORDS = (
    "The residual connection at lr 0.001 keeps basically all lengths above 0.8 and closes the gap "
    "between train and dev loss."
)


def residual_srn_remembers(found: Sweep) -> Claim:
    return claimed("2", WORDS, found, _judged)


def _judged(found: Sweep, on: On) -> list[Judgement]:
    curve = by_length(found, on, "srn_residual")
    if not curve.enough:
        return []
    above = [row[np.isfinite(row)] - HIGH for row in curve.values]
    draws = [resampled_means(one, np.random.default_rng(0)) for one in above]
    high = Forest("test accuracy", curve.means(), HIGH, margin=MARGIN)
    judged = [
        Judgement(
            "residual SRN above 0.8 at every length",
            high.listed(),
            f"95 % bootstrap interval against 0.8, n = {curve.values.shape[1]} a length"
            + rests_on(draws, MARGIN),
            decide(draws, MARGIN),
            high,
        )
    ]
    if by_length(found, on, "srn").beside(curve):
        gaps = [
            by_length(found, on, model, "final_dev_loss").values
            - by_length(found, on, model, "final_train_loss").values
            for model in ("srn", "srn_residual")
        ]
        compared = [difference(a, b) for a, b in zip(*gaps, strict=True)]
        part = "the gap (dev minus train loss at the end) is smaller than the plain SRN's"
        judged.append(compared_at(part, curve.lengths, compared, None, GAP))
    return judged
