"""Importing what takes seconds: PyTorch, Lightning, Matplotlib."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Around a command's imports, of which nothing is garbage: Python would search all of it again
    and again as it grows, for a seventh of the time until a first step. Nor is it searched later.

    Not for whoever's process it isn't: what they have at hand would never be searched either.
    """
    searched, known = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:  # else only what should be searched is there
            gc.freeze()
        if searched:
            gc.enable()
