"""Of settings that differ in anything: the best on dev, and the worst."""

from digitsum.studies.collected import Sweep


def best_setting(found: Sweep) -> str:
    """Chosen on dev, told on test."""
    jobs = found.ranked
    if len(jobs) < 2 or not found.varied:
        return ""
    first, last = jobs[0], jobs[-1]
    return (
        f"Best on dev is {first.name(found.varied)}, with test accuracy {first.tested}; worst is "
        f"{last.name(found.varied)}, with {last.tested}. By chance it is {found.by_chance}."
    )
