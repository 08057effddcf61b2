"""Claim 2: the residual connection remembers, and closes the gap between train and dev loss."""

from digitsum.statistics import difference, summarise
from digitsum.studies.claims.curves import by_length
from digitsum.studies.claims.judgement import Claim, Judgement, all_hold, compared_at
from digitsum.studies.collected import Sweep

WORDS = (
    "The residual connection at lr 0.001 keeps basically all lengths above 0.8 and closes the gap "
    "between train and dev loss."
)


def residual_srn_remembers(found: Sweep) -> Claim:
    curve = by_length(found, "srn_residual")
    if not curve.enough:
        return Claim("2", WORDS, ())
    bounds = [summarise(row.tolist()) for row in curve.values]
    judged = [
        Judgement(
            "residual SRN above 0.8 at every length",
            curve.listed(),
            f"95 % bootstrap interval against 0.8, n = {curve.values.shape[1]} a length",
            all_hold([one.low > 0.8 for one in bounds], [one.high < 0.8 for one in bounds]),
        )
    ]
    if by_length(found, "srn").beside(curve):
        gaps = [
            by_length(found, model, "final_dev_loss").values
            - by_length(found, model, "final_train_loss").values
            for model in ("srn", "srn_residual")
        ]
        compared = [difference(a, b) for a, b in zip(*gaps, strict=True)]
        part = "the gap (dev minus train loss at the end) is smaller than the plain SRN's"
        judged.append(compared_at(part, curve.lengths, compared))
    return Claim("2", WORDS, judged)
