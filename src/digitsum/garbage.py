"""Python's search for garbage is kept from where there is hardly any: as what is there grows, it
would be searched again and again, for a seventh of the time that importing or compiling takes.
"""

import gc
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
