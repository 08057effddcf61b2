"""What an explosion is in numbers, from recorded gradient norms."""

from collections.abc import Iterable

import numpy as np

from digitsum.studies.jobs import Array, Job

FIRST = 40  # steps that the blog's figure shows
LATE = 0.6  # of the run: what comes after the explosion
DEAD = 1e-6


def by_clip(jobs: Iterable[Job]) -> dict[str | int | float, Job]:
    """Jobs that recorded their gradients' norms, by clip value; `null` clips nothing."""
    return {job.settings["clip.value"]: job for job in jobs if job.recorded("gradient_norms")}


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
