"""Where the length varies: what is left of accuracy at the longest."""

from collections.abc import Iterable
from typing import Any

from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import LENGTH

LISTED = 6  # settings, beyond which a sentence is a table


def at_the_longest(found: Sweep) -> str:
    """Settings by their test accuracy at the longest length that all of them have."""
    if LENGTH not in found.varied or not found.complete:
        return ""
    curves = {
        _setting(agreed): {job.settings[LENGTH]: job for job in jobs}
        for agreed, jobs in found.alike(LENGTH).items()
    }
    shared = sorted(set.intersection(*(set(curve) for curve in curves.values())))
    if len(shared) < 2:
        return ""
    short, long = shared[0], shared[-1]
    ranked = sorted(curves, key=lambda name: curves[name][long].tested.mean, reverse=True)
    told = [": ".join(filter(None, (name, str(curves[name][long].tested)))) for name in ranked]
    if len(told) > LISTED:
        told = [*told[: LISTED - 1], f"... and last {told[-1]}"]
    means = [curve[short].tested.mean for curve in curves.values()]
    low, high = f"{min(means):.3f}", f"{max(means):.3f}"
    spread = low if low == high else f"{low} to {high}"
    return (
        f"At length {long} test accuracy is {'; '.join(told)}. At length {short} it is {spread}; "
        f"by chance {found.by_chance}."
    )


def _setting(agreed: Iterable[tuple[str, Any]]) -> str:
    """Names alone, numbers with what they are of."""
    known = [(key, value) for key, value in agreed if value != "null"]
    return ", ".join(v if isinstance(v, str) else f"{key} {v}" for key, v in known)
