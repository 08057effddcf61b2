"""What gradients do, unclipped and clipped, in a sentence."""

from digitsum.statistics import summarise
from digitsum.studies.collected import Sweep
from digitsum.studies.explosion import FIRST, by_clip, dead, growth
from digitsum.studies.jobs import Job


def exploding(found: Sweep) -> str:
    """Of each cell: growth, what dies after it, and what clipping changes."""
    kinds: dict[str, list[Job]] = {}
    for job in found.complete:
        fresh = " on fresh examples" if job.settings.get("data.fresh") else ""
        kinds.setdefault(f"{job.settings['model']}{fresh}", []).append(job)
    told = [_told(name, by_clip(jobs)) for name, jobs in kinds.items()]
    return "\n".join(filter(None, told))


def _told(name: str, jobs: dict[str | int | float, Job]) -> str:
    if "null" not in jobs:
        return ""
    free = jobs["null"]
    grown = summarise(growth(free).tolist())
    factor, low, high = (f"{10**power:,.0f}" for power in (grown.mean, grown.low, grown.high))
    words = (
        f"{name}: unclipped, ||dU|| grows {factor}-fold [{low}, {high}] within {FIRST} steps, and "
        f"{_dead(free)} of late steps are dead"
    )
    for value, job in jobs.items():
        if value != "null":
            words += f"; clipped at {value:g}, {_dead(job)} (test accuracy {job.tested})"
    return f"{words}; by chance {free.by_chance}."


def _dead(job: Job) -> str:
    return f"{summarise(dead(job).tolist()).mean:.0%}"
