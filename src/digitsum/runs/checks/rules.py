"""What a value may be: a test, and the words that say so in a message."""

import difflib
import math
from collections.abc import Callable, Iterable
from typing import Any

LARGEST = 2**63  # whole numbers beyond it overflow in what they are passed on to

Rule = tuple[Callable[[Any], bool], str]


def whole(least: int) -> Rule:
    return (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and least <= v < LARGEST,
        f"a whole number, at least {least}",
    )


def only(*values: Any, instead: str = "") -> Rule:
    """These values alone; `instead` says what else to use."""
    words = " or ".join("null" if one is None else str(one).lower() for one in values)
    kinds = [(type(one), one) for one in values]
    return lambda v: (type(v), v) in kinds, words + (f": {instead}" if instead else "")


def number(allowed: Callable[[float], bool], words: str) -> Rule:
    return (
        lambda v: (
            isinstance(v, int | float)
            and not isinstance(v, bool)
            and (abs(v) < math.inf if isinstance(v, float) else abs(v) < LARGEST)
            and allowed(v)
        ),
        words,
    )


def one_of(*choices: str) -> Rule:
    return lambda v: v in choices, "one of " + ", ".join(choices)


def or_null(rule: Rule) -> Rule:
    return lambda v: v is None or rule[0](v), f"{rule[1]}, or null"


POSITIVE = number(lambda v: v > 0, "a number above 0")
FRACTION = number(lambda v: 0 <= v < 1, "a number from 0 up to, not including, 1")
SWITCH: Rule = (lambda v: isinstance(v, bool), "true or false")
TEXT: Rule = (lambda v: isinstance(v, str) and v != "", "a path")


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` where something known is close to the word, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
