"""A cell's measure against length, as the blog runs it: what most claims are about.

Claims were made of networks that had three copies of each pair, in the pairs' order. Beside that
verdict stands the one on fresh examples, from which nothing can be learnt by heart.
"""

from collections.abc import Callable
from itertools import chain, zip_longest
from typing import Any, Literal, NamedTuple

import numpy as np

from digitsum.questions.forest import Row, rows
from digitsum.questions.judgement import Claim, Judgement
from digitsum.statistics import Difference, difference, summarise
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import LENGTH, Array

LR = 0.001  # the blog's, as are the next
STEPS = 19_000
On = Literal["three copies of each pair, sorted", "fresh examples"]
AS_MADE: On = "three copies of each pair, sorted"
FRESH: On = "fresh examples"
# What the rest of a run's examples are where nobody says otherwise, or a version didn't know.
_USUAL = {"data.distractors": 1, "data.ask": "sum", "data.dir": "null"}


def trained_on(settings: dict[str, Any], on: On) -> bool:
    """Whether a job's examples are these."""
    if any(settings.get(key, usual) != usual for key, usual in _USUAL.items()):
        return False
    fresh, shuffled = settings.get("data.fresh", False), settings.get("data.shuffle", False)
    if on == FRESH:
        return bool(fresh and shuffled)
    return not fresh and not shuffled and settings.get("data.copies", 3) == 3


Judge = Callable[[Sweep, On], list[Judgement]]


def on_both(found: Sweep, judge: Judge) -> list[Judgement]:
    """Each part's verdict on the examples that the claim was made of, then on fresh ones; of those
    kinds alone that a sweep has.
    """
    each = [[one._replace(on=on) for one in judge(found, on)] for on in (AS_MADE, FRESH)]
    return [one for one in chain.from_iterable(zip_longest(*each)) if one is not None]


def claimed(
    name: str,
    words: str,
    found: Sweep,
    judge: Judge,
    needs: str = "three lengths or more, and two replicas",
) -> Claim:
    """A claim about accuracy against length, judged on both kinds of examples; or why it isn't."""
    judged = on_both(found, judge)
    return Claim(name, words, judged, "" if judged else _silent(found, needs))


def _silent(found: Sweep, needs: str) -> str:
    if LENGTH not in found.varied:
        return ""  # it is about something else
    took = sorted({job.steps for job in found.complete if job.steps is not None})
    if took and STEPS not in took:
        told = " or ".join(f"{one:,}" for one in took)
        return f"about {STEPS:,} optimizer steps; the jobs here took {told}"
    return f"about the blog's settings, with {needs}"


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


def by_length(
    found: Sweep, on: On, model: str, measure: str = "test_accuracy", lr: float = LR
) -> Curve:
    """One cell at one learning rate, as the blog runs it but for its examples."""
    jobs = [
        job
        for job in found.only(model=model, lr=lr, embedding="frozen", optimizer="adam")
        if trained_on(job.settings, on)
        and job.settings["model.hidden_size"] == 32
        and job.steps in (None, STEPS)
    ]
    if len({job.settings["init"] for job in jobs}) > 1:
        jobs = [job for job in jobs if job.settings["init"] == "zeros"]
    jobs.sort(key=lambda job: job.settings["data.length"])
    replicas = min((len(job.values(measure)) for job in jobs), default=0)
    values = np.array([job.values(measure)[:replicas] for job in jobs])
    return Curve(np.array([job.settings["data.length"] for job in jobs]), values)
