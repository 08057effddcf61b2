"""Sequences that somebody types: `6700100000`, or `6 7 0, 255 0 17`."""

import re

from digitsum.errors import UserError
from digitsum.task.examples import SHORTEST
from digitsum.task.question import Question

MOST = 1000  # items of a sequence


def sequences(text: str, asked: Question) -> list[list[int]]:
    """What was typed: sequences joined by commas, each of digits, or of items between spaces.

    Raises:
        UserError: naming the sequence and the item that can't be.
    """
    found = []
    for one in text.split(","):
        words = one.split() if " " in one.strip() else list(one.strip())
        if not SHORTEST <= len(words) <= MOST:
            raise UserError(
                f"digits is {one.strip() or 'empty'}, with {len(words)} items; a sequence has from "
                f"{SHORTEST} to {MOST}"
            )
        for place, word in enumerate(words, 1):
            if not (re.fullmatch("[0-9]{1,3}", word, re.ASCII) and int(word) < asked.items):
                raise UserError(
                    f"digits is {one.strip()}: item {place} is {word!r}; it must be from 0 to "
                    f"{asked.items - 1}"
                )
        found.append([int(word) for word in words])
    return found
