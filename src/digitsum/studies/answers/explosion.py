"""What gradients do, unclipped and clipped, in a sentence."""

from digitsum.statistics import summarise
from digitsum.studies.collected import Sweep
from digitsum.studies.explosion import FIRST, by_clip, dead, growth
from digitsum.studies.jobs import Job
from digitsum.task.examples import CHANCE


def exploding(found: Sweep) -> str:
    """Of each cell: growth, what dies after it, and what clipping changes."""
    models = dict.fromkeys(job.settings["model"] for job in found.complete)
    told = [_told(model, by_clip(found.only(model=model))) for model in models]
    return "\n".join(filter(None, told))


def _told(model: str, jobs: dict[str | int | float, Job]) -> str:
    if "null" not in jobs:
        return ""
    free = jobs["null"]
    grown = summarise(growth(free).tolist())
    factor, low, high = (f"{10**power:,.0f}" for power in (grown.mean, grown.low, grown.high))
    words = (
        f"{model}: unclipped, ||dU|| grows {factor}-fold [{low}, {high}] within {FIRST} steps, and "
        f"{_dead(free)} of late steps are dead"
    )
    for value, job in jobs.items():
        if value != "null":
            words += f"; clipped at {value:g}, {_dead(job)} (test accuracy {job.tested})"
    return f"{words}; by chance {CHANCE:.2f}."


def _dead(job: Job) -> str:
    return f"{summarise(dead(job).tolist()).mean:.0%}"
