"""The dial between the plain and the residual SRN (`model.skip`), read back from a sweep."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from digitsum.statistics import resampled_means, slope_weights
from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import LENGTH, Array, Job

SKIP = "model.skip"


class Dial(NamedTuple):
    """At one length: values of s ascending [S], and the job at each."""

    length: int
    skips: Array
    jobs: list[Job]

    def values(self, measure: Callable[[Job], Array]) -> Array:
        """A measure [R] of each job: [S, R]."""
        rows = [measure(job) for job in self.jobs]
        width = min(len(row) for row in rows)
        return np.stack([row[:width] for row in rows])

    def recorded(self, name: str) -> bool:
        """Whether every job recorded arrays of this name."""
        return all(job.recorded(name) for job in self.jobs)


def dials(found: Sweep) -> list[Dial]:
    """One for each length at which three values of s or more are complete."""
    by_length: dict[int, list[Job]] = {}
    for job in found.only(model="srn_skip"):
        by_length.setdefault(job.settings[LENGTH], []).append(job)
    made = []
    for length, jobs in sorted(by_length.items()):
        jobs = sorted(jobs, key=lambda job: float(job.settings[SKIP]))
        skips = np.array([float(job.settings[SKIP]) for job in jobs])
        if len(set(skips)) == len(skips) >= 3:
            made.append(Dial(length, skips, jobs))
    return made


def accuracy(job: Job) -> Array:
    return job.values("test_accuracy")


def first_digit_gradient(job: Job) -> Array:
    """log10 of the gradient's norm by the state after the first digit, over the last's: [R]."""
    norms = job.arrays("gradient_flow")["norms"][-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log10(np.maximum(norms[:, 0], 1e-30) / norms[:, -1])
    return np.asarray(ratio)


def lyapunov(job: Job) -> Array:
    """The leading Lyapunov exponent, nats per time step, at the last look: [R]."""
    return np.asarray(job.arrays("spectrum")["lyapunov"][-1])


def best_skips(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """A table: the s that is best on dev at each length, and how sure that is."""
    rows = []
    for dial in dials(found):
        dev = dial.values(lambda job: job.values("best_dev_accuracy"))
        stream = np.random.default_rng(0)
        drawn = np.stack([resampled_means(row[np.isfinite(row)], stream) for row in dev])
        best = int(np.nanargmax(np.nanmean(dev, 1)))
        chosen = dial.skips[drawn.argmax(0)]
        low, high = np.quantile(chosen, [0.025, 0.975], method="inverted_cdf")
        test = float(np.nanmean(accuracy(dial.jobs[best])))
        share = float((chosen == dial.skips[best]).mean())
        where = [f"{dial.length}", f"{dial.skips[best]:g}", f"{low:g} - {high:g}"]
        rows.append([*where, f"{share:.0%}", f"{test:.3f}"])
    head = ["length", "best s on dev", "95 % interval", "of resamples", "its test accuracy"]
    return {"Where the best s lies": (head, rows)} if rows else {}


def rising(dial: Dial, measure: Callable[[Job], Array]) -> Array:
    """Bootstrap draws of the least-squares change of a measure over the whole dial, s = 0 to 1."""
    values, stream = dial.values(measure), np.random.default_rng(0)
    rows: Sequence[Array] = [row[np.isfinite(row)] for row in values]
    return np.asarray(
        slope_weights(dial.skips) @ np.stack([resampled_means(row, stream) for row in rows])
    )
