"""Why answers are wrong: learnt by heart, not yet learnt, not kept, or kept and not added.

A network is trained five times, always the same cell at the same length: on three copies of each
pair in the pairs' order (the blog), on the same shuffled, on thirty copies, on fresh examples, and
on fresh ones five times as long. Test examples are the same, and were never trained on.
"""

from typing import NamedTuple

import numpy as np

from digitsum.statistics import Difference, Summary, difference, summarise, with_interval
from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import LENGTH, Array, Job

SORTED, SHUFFLED, THIRTY = "three_sorted", "three_shuffled", "thirty"
FRESH, LONG = "fresh", "fresh_long"
CONDITIONS = {
    SORTED: "3 copies, sorted",
    SHUFFLED: "3 copies, shuffled",
    THIRTY: "30 copies",
    FRESH: "fresh",
    LONG: "fresh, 5 x the steps",
}
BOTH = 2  # of what the memory probe reads: n1 and n2, each right
REASONS = {
    "by_heart": "learnt by heart",
    "not_yet": "not yet learnt",
    "not_kept": "not kept",
    "not_added": "kept, not added",
}


class Why(NamedTuple):
    """Of one cell at one length, as fractions of test examples; see docs/method.md.

    `right` (three copies, shuffled) and the four reasons add up to 1, whatever their signs;
    `order` (shuffled minus sorted) stands beside them.
    """

    model: str
    length: int
    right: Summary
    order: Difference
    by_heart: Difference
    not_yet: Difference
    not_kept: Summary
    not_added: Summary


def kept(job: Job) -> Array:
    """How often n1 and n2 are both read right from the state after the second digit, and from the
    last: [2, R].
    """
    both = job.arrays("memory")["accuracy"][-1][BOTH]
    return np.stack([both[:, 1], both[:, -1]])


def by_condition(found: Sweep) -> dict[tuple[str, int], dict[str, Job]]:
    """Jobs by cell and length, then by how they were trained."""
    cells: dict[tuple[str, int], dict[str, Job]] = {}
    for job in found.complete:
        place = cells.setdefault((job.settings["model"], job.settings[LENGTH]), {})
        place[str(job.settings.get("experiment"))] = job
    return cells


def reasons(found: Sweep) -> list[Why]:
    """Of every cell and length at which all that is compared is complete."""
    needed = (SORTED, SHUFFLED, FRESH, LONG)
    made = []
    for (model, length), jobs in by_condition(found).items():
        if all(name in jobs for name in needed) and jobs[LONG].recorded("memory"):
            made.append(_why(model, length, jobs))
    return made


def _why(model: str, length: int, jobs: dict[str, Job]) -> Why:
    accuracy = {name: job.values("test_accuracy") for name, job in jobs.items()}
    early, late = kept(jobs[LONG])
    return Why(
        model,
        length,
        summarise(accuracy[SHUFFLED].tolist()),
        difference(accuracy[SHUFFLED], accuracy[SORTED]),
        difference(accuracy[FRESH], accuracy[SHUFFLED]),
        difference(accuracy[LONG], accuracy[FRESH]),
        summarise((early - late).tolist()),
        summarise((1 - accuracy[LONG] - (early - late)).tolist()),
    )


def _said(one: Summary | Difference) -> str:
    return with_interval(one.mean, one.low, one.high, "+.2f")


def parts(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """The reasons as a table."""
    rows = [
        [one.model, str(one.length), with_interval(*one.right[:3], ".2f"), _said(one.order)]
        + [_said(getattr(one, name)) for name in REASONS]
        for one in reasons(found)
    ]
    head = ["cell", "length", "right on 3 copies, shuffled", "(order)", *REASONS.values()]
    return {"Why answers are wrong, as fractions of test examples": (head, rows)} if rows else {}
