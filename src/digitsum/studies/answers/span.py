"""How far back each cell remembers, in a sentence."""

from digitsum.studies.collected import Sweep
from digitsum.studies.span import said, spans


def furthest(found: Sweep) -> str:
    """Cells by their memory span, the longest first."""
    known = spans(found)
    if not known:
        return ""
    told = ", ".join(f"{one.model} {said(one)}" for one in known)
    return (
        "Memory span, the length at which test accuracy falls through one half, each cell at its "
        f"best learning rate: {told}."
    )
