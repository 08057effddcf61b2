"""Claim 4: accuracy is not monotone in length."""

from digitsum.statistics import probability
from digitsum.studies.claims.curves import by_length
from digitsum.studies.claims.judgement import ALPHA, Claim, Judgement, all_hold
from digitsum.studies.collected import Sweep
from digitsum.studies.turning import TURNS, dip_probability, turning_points

WORDS = "Accuracy is not monotone in length: a turning point near 25 or 30."


def accuracy_turns(found: Sweep) -> Claim:
    judged = []
    for model, name in (("srn_residual", "residual SRN"), ("srn", "plain SRN")):
        curve = by_length(found, model)
        if not curve.enough or not set(TURNS) <= set(curve.lengths):
            continue
        share = turning_points(curve.lengths, curve.values)
        single = ", ".join(f"{length}: {share.single[length]:.0%}" for length in TURNS)
        mean = ", ".join(f"{length}: {share.mean[length]:.0%}" for length in TURNS)
        p = {length: dip_probability(curve.lengths, curve.values, length) for length in TURNS}
        listed = ", ".join(f"{length}: {probability(p[length])}" for length in TURNS)
        replicas = curve.values.shape[1]
        judged.append(
            Judgement(
                f"{name}: a turning point at 20, 25 or 30",
                f"seen somewhere in {share.any_single:.0%} of single-seed curves and "
                f"{share.any_mean:.0%} of resampled {replicas}-replica means; single seed "
                f"{single}; mean {mean}",
                f"permutation against both neighbours, at {listed} (each six times the "
                f"larger of two), n = {replicas} a length; refuted where none is below 0.05 and "
                "under 5 % of resampled means turn",
                all_hold([min(p.values()) < ALPHA], [max(share.mean.values()) < 0.05]),
            )
        )
    return Claim("4", WORDS, judged)
