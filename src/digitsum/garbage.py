"""Python's search for garbage is kept from where there is hardly any: as what is there grows, it
would be searched again and again, for a seventh of the time that importing or compiling takes.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unsearched() -> Iterator[None]:
    """Meanwhile nothing is searched."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


@contextmanager
def importing() -> Iterator[None]:
    """Around a command's imports, of which nothing is ever garbage: it isn't searched later either.

    Not for whoever's process it isn't: what they have at hand would never be searched either.
    """
    known = len(sys.modules)
    with unsearched():
        try:
            yield
        finally:
            if len(sys.modules) > known:  # else only what should be searched is there
                gc.freeze()
