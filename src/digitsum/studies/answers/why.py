"""Why answers are wrong, in a sentence."""

from digitsum.studies.collected import Sweep
from digitsum.studies.why import REASONS, Why, reasons


def mostly(found: Sweep) -> str:
    """Of each cell at the longest length that all have: the largest of the reasons."""
    known = reasons(found)
    cells = dict.fromkeys(one.model for one in known)
    lengths = [{one.length for one in known if one.model == model} for model in cells]
    shared = set.intersection(*lengths) if lengths else set()
    if not shared:
        return ""
    at = max(shared)
    told = [_told(one) for one in known if one.length == at]
    return f"Of test answers at length {at}: {'; '.join(told)}."


def _told(one: Why) -> str:
    name = max(REASONS, key=lambda name: getattr(one, name).mean)
    part = getattr(one, name)
    share = f"{part.mean:.2f} [{part.low:.2f}, {part.high:.2f}]"
    return f"{one.model} has {one.right.mean:.2f} right, and mostly {REASONS[name]} is {share}"
