"""Claim 4: accuracy is not monotone in length."""

from collections.abc import Sequence
from functools import partial

from digitsum.studies.claims.curves import On, by_length, on_both
from digitsum.studies.claims.forest import Forest, Row
from digitsum.studies.claims.judgement import MARGIN, Claim, Judgement, Verdict
from digitsum.studies.collected import Sweep
from digitsum.studies.turning import Dip, dips, single_seed_share

WORDS = "Accuracy is not monotone in length: a turning point near 25 or 30."
CELLS = {"srn_residual": "residual SRN", "srn": "plain SRN"}


def turns(found: Sequence[Dip]) -> Verdict:
    """The statement that there is a dip, of bounds that hold together: confirmed by one above zero,
    refuted where all are below the margin.
    """
    if any(dip.low > 0 for dip in found):
        return "confirmed"
    return "refuted" if all(dip.high < MARGIN for dip in found) else "not decided"


def accuracy_turns(found: Sweep) -> Claim:
    return Claim("4", WORDS, on_both(partial(_judged, found)))


def _judged(found: Sweep, on: On) -> list[Judgement]:
    curves = {model: by_length(found, on, model) for model in CELLS}
    curves = {model: curve for model, curve in curves.items() if curve.enough}
    if not curves:
        return []
    looked_at = dips([(curve.lengths, curve.values) for curve in curves.values()])
    judged = []
    for (model, curve), own in zip(curves.items(), looked_at, strict=True):
        depths = [Row(f"{dip.length}", dip.depth, dip.low, dip.high) for dip in own]
        forest = Forest("depth of a dip in test accuracy", depths, signed=True)
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
