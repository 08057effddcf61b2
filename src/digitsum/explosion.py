"""Claim 5 from recorded gradient norms: do they explode, does clipping cure it, is it learning?"""

import numpy as np

from digitsum.collected import Array, Job
from digitsum.judgement import ALPHA, Judgement, all_hold
from digitsum.statistics import difference, probability, summarise
from digitsum.task import CHANCE

FIRST = 40  # steps that the blog's figure shows
LATE = 0.6  # of the run: what comes after the explosion
DEAD = 1e-6
TENFOLD = 1.0  # log10


def _norms(job: Job) -> tuple[Array, Array]:
    """||dU|| at every step and the global norm at the first, before clipping: [S, R] and [R]."""
    arrays = job.arrays("gradient_norms")
    index = list(arrays["names"]).index("U")
    return arrays["before"][:, index], arrays["global_before"][0]


def largest(job: Job) -> Array:
    """The largest finite ||dU|| of the first 40 steps: [R]."""
    norms, _ = _norms(job)
    return np.asarray(np.nanmax(np.where(np.isfinite(norms[:FIRST]), norms[:FIRST], np.nan), 0))


def growth(job: Job) -> Array:
    """log10 of the largest ||dU|| in the first 40 steps by the first step's global norm: [R]."""
    return np.asarray(np.log10(largest(job) / _norms(job)[1]))


def dead(job: Job) -> Array:
    """The fraction of late steps at which ||dU|| is below 1e-6: [R]."""
    norms, _ = _norms(job)
    late = norms[-int(LATE * len(norms)) :]
    return np.asarray((late < DEAD).mean(0))


def exploded(free: Job, clipped: Job | None, name: str) -> list[Judgement]:
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
    return Judgement(
        "5",
        f"{name}: unclipped, the largest ||dU|| of the first {FIRST} steps is over ten times the "
        "first step's global norm",
        f"log10 growth {grown.mean:.2f} [{grown.low:.2f}, {grown.high:.2f}]; median over replicas "
        f"of the largest ||dU||: {np.median(largest(free)):,.0f}",
        f"95 % bootstrap interval against 1, n = {grown.replicas}",
        all_hold([grown.low > TENFOLD], [grown.high < TENFOLD]),
    )


def _tamed(free: Job, clipped: Job, name: str) -> Judgement:
    fewer = difference(growth(free), growth(clipped))
    return Judgement(
        "5",
        f"{name}: clipping at 20 makes gradients smaller even before they are clipped",
        f"log10 growth, unclipped minus clipped, {fewer.mean:+.2f} "
        f"[{fewer.low:+.2f}, {fewer.high:+.2f}]; median of the largest ||dU|| with clipping: "
        f"{np.median(largest(clipped)):,.0f}",
        f"permutation, {probability(fewer.p)}, n = {fewer.sizes[0]} and {fewer.sizes[1]}",
        all_hold([fewer.low > 0 and fewer.p < ALPHA], [fewer.high < 0]),
    )


def _vanishes(free: Job, clipped: Job, name: str) -> Judgement:
    lost = [summarise(dead(job).tolist()) for job in (free, clipped)]
    fewer = difference(dead(free), dead(clipped))
    return Judgement(
        "5",
        f"{name}: unclipped, gradients vanish after the explosion (||dU|| < 1e-6), clipped less",
        "; ".join(
            f"{words} {one.mean:.3f} [{one.low:.3f}, {one.high:.3f}] of late steps"
            for words, one in zip(("unclipped", "clipped"), lost, strict=True)
        ),
        f"permutation, {probability(fewer.p)}, n = {fewer.sizes[0]} and {fewer.sizes[1]}",
        all_hold([fewer.low > 0 and fewer.p < ALPHA], [fewer.high <= 0]),
    )


def _learns(clipped: Job, name: str) -> Judgement:
    learned = summarise(clipped.values("test_accuracy").tolist())
    return Judgement(
        "5",
        f"{name}: with clipping at 20 these settings learn (test accuracy above chance)",
        f"{learned.mean:.3f} [{learned.low:.3f}, {learned.high:.3f}]",
        f"95 % bootstrap interval against {CHANCE:.2f}, n = {learned.replicas}",
        all_hold([learned.low > CHANCE], [learned.high <= CHANCE]),
    )
