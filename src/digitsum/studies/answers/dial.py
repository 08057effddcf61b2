"""Where on the dial between the plain and the residual SRN it is best to be, in a sentence."""

from digitsum.studies.collected import Sweep
from digitsum.studies.dial import best_skips


def best_on_the_dial(found: Sweep) -> str:
    """At the shortest and the longest length."""
    for _, rows in best_skips(found).values():
        told = [
            f"at length {length} the best s on dev is {best} (95 %: {interval}), "
            f"with test accuracy {test}"
            for length, best, interval, _, test in (rows[:1] + rows[-1:] if rows[1:] else rows)
        ]
        words = "; ".join(told)
        return f"{words[:1].upper()}{words[1:]}."
    return ""
