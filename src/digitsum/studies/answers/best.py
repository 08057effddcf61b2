"""Of settings that differ in anything: the best on dev, and the worst."""

import numpy as np

from digitsum.statistics import summarise
from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import Job, on_dev
from digitsum.task.examples import CHANCE


def best_setting(found: Sweep) -> str:
    """Chosen on dev, told on test."""
    jobs = sorted(found.complete, key=on_dev, reverse=True)
    if len(jobs) < 2 or not found.varied:
        return ""
    first, last = jobs[0], jobs[-1]
    return (
        f"Best on dev is {first.name(found.varied)}, with test accuracy {on_test(first)}; worst is "
        f"{last.name(found.varied)}, with {on_test(last)}. By chance it is {CHANCE:.2f}."
    )


def on_test(job: Job) -> str:
    """`0.933 [0.918, 0.947]`, the mean alone where one replica has no interval."""
    one = summarise(job.values("test_accuracy").tolist())
    return str(one) if np.isfinite(one.low) else f"{one.mean:.3f}"
