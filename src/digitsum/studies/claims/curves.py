"""A cell's measure against length, as the blog runs it: what most claims are about."""

from typing import NamedTuple

import numpy as np

from digitsum.statistics import Difference, difference, summarise
from digitsum.studies.claims.forest import Row, rows
from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import Array

LR = 0.001  # the blog's


class Curve(NamedTuple):
    """Lengths [L] and values [L, R]."""

    lengths: Array
    values: Array

    @property
    def enough(self) -> bool:
        """At least three lengths, two replicas, none diverged."""
        return self.values.ndim == 2 and len(self.lengths) >= 3 and self.values.shape[1] >= 2

    def beside(self, other: "Curve") -> bool:
        """Whether both are enough, at the same lengths."""
        return self.enough and other.enough and list(self.lengths) == list(other.lengths)

    def minus(self, other: "Curve") -> list[Difference]:
        """At each length."""
        return [difference(a, b) for a, b in zip(self.values, other.values, strict=True)]

    def at(self, length: int) -> Array:
        return np.asarray(self.values[list(self.lengths).index(length)])

    def means(self) -> list[Row]:
        """At each length."""
        return rows(self.lengths, [summarise(row.tolist()) for row in self.values])


def by_length(found: Sweep, model: str, measure: str = "test_accuracy", lr: float = LR) -> Curve:
    """One cell at one learning rate, as the blog runs it."""
    jobs = [
        job
        for job in found.only(model=model, lr=lr, embedding="frozen", optimizer="adam")
        if job.settings["data.shuffle"] is False and job.settings["model.hidden_size"] == 32
    ]
    if len({job.settings["init"] for job in jobs}) > 1:
        jobs = [job for job in jobs if job.settings["init"] == "zeros"]
    jobs.sort(key=lambda job: job.settings["data.length"])
    replicas = min((len(job.values(measure)) for job in jobs), default=0)
    values = np.array([job.values(measure)[:replicas] for job in jobs])
    return Curve(np.array([job.settings["data.length"] for job in jobs]), values)
