"""Claim 5: do gradients explode, does clipping cure it, and is it learning?"""

from functools import partial

import numpy as np

from digitsum.statistics import difference, probability, resampled_means, summarise
from digitsum.studies.claims.curves import On, on_both, trained_on
from digitsum.studies.claims.forest import Forest, rows
from digitsum.studies.claims.judgement import MARGIN, Claim, Judgement, decide
from digitsum.studies.collected import Sweep
from digitsum.studies.explosion import FIRST, by_clip, dead, growth, largest
from digitsum.studies.jobs import Job

WORDS = "Gradients explode under SGD, lr 0.2, summed loss; clipping at 20 cures it."
TENFOLD = 1.0  # log10
GROWTH = "log10 growth of ||dU||"
UNCLIPPED, CLIPPED, APART = "unclipped", "clipped at 20", "difference"


def gradients_explode(found: Sweep) -> Claim:
    return Claim("5", WORDS, on_both(partial(_judged, found)))


def _judged(found: Sweep, on: On) -> list[Judgement]:
    judged = []
    for model, name in (("srn", "plain SRN"), ("srn_residual", "residual SRN")):
        known = found.only(model=model, optimizer="sgd", loss_reduction="sum")
        jobs = by_clip([job for job in known if trained_on(job.settings, on)])
        if "null" in jobs:
            judged += _exploded(jobs["null"], jobs.get(20), name)
    return judged


def _exploded(free: Job, clipped: Job | None, name: str) -> list[Judgement]:
    """Judge an unclipped job, beside one clipped at 20 where there is one."""
    judged = [_grows(free, name)]
    if clipped is not None:
        judged += [
            _tamed(free, clipped, name),
            _vanishes(free, clipped, name),
            _learns(clipped, name),
        ]
    return judged


def _grows(free: Job, name: str) -> Judgement:
    grown = summarise(growth(free).tolist())
    median = f"median over replicas of the largest ||dU||: {np.median(largest(free)):,.0f}"
    return Judgement(
        f"{name}: unclipped, the largest ||dU|| of the first {FIRST} steps is over ten times the "
        "first step's global norm",
        f"log10 growth {grown.mean:.2f} [{grown.low:.2f}, {grown.high:.2f}]; {median}",
        f"95 % bootstrap interval against 1, n = {grown.replicas}",
        decide([resampled_means(growth(free) - TENFOLD, np.random.default_rng(0))]),
        Forest(GROWTH, rows([UNCLIPPED], [grown]), TENFOLD, axis=""),
        aside=median,
    )


def _tamed(free: Job, clipped: Job, name: str) -> Judgement:
    fewer = difference(growth(free), growth(clipped))
    median = f"median of the largest ||dU|| with clipping: {np.median(largest(clipped)):,.0f}"
    return Judgement(
        f"{name}: clipping at 20 makes gradients smaller even before they are clipped",
        f"log10 growth, unclipped minus clipped, {fewer.mean:+.2f} "
        f"[{fewer.low:+.2f}, {fewer.high:+.2f}]; {median}",
        f"permutation, {probability(fewer.p)}, n = {fewer.sizes[0]} and {fewer.sizes[1]}",
        decide([fewer.draws]),
        Forest(GROWTH, rows([APART], [fewer]), signed=True, axis=""),
        aside=median,
    )


def _vanishes(free: Job, clipped: Job, name: str) -> Judgement:
    lost = [summarise(dead(job).tolist()) for job in (free, clipped)]
    fewer = difference(dead(free), dead(clipped))
    return Judgement(
        f"{name}: unclipped, gradients vanish after the explosion (||dU|| < 1e-6), clipped less",
        "; ".join(
            f"{words} {one} of late steps"
            for words, one in zip(("unclipped", "clipped"), lost, strict=True)
        ),
        f"permutation, {probability(fewer.p)}, n = {fewer.sizes[0]} and {fewer.sizes[1]}",
        decide([fewer.draws]),
        Forest("fraction of late steps", rows([APART], [fewer]), signed=True, axis=""),
        rows([UNCLIPPED, CLIPPED], lost),
    )


def _learns(clipped: Job, name: str) -> Judgement:
    values = clipped.values("test_accuracy")
    learned, chance = summarise(values.tolist()), clipped.chance
    return Judgement(
        f"{name}: with clipping at 20 these settings learn (test accuracy above chance)",
        str(learned),
        f"95 % bootstrap interval against {chance:.2f}, n = {learned.replicas}",
        decide([resampled_means(values - chance, np.random.default_rng(0))], MARGIN),
        Forest("test accuracy", rows([CLIPPED], [learned]), chance, axis=""),
    )
