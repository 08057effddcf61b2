"""How a command imports its libraries, and only a command: nobody else's process is changed so."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from digitsum.garbage import unsearched

# torchmetrics, which comes with Lightning, imports it wherever SciPy is installed, to give one
# function an older name: a fifth of the time that PyTorch and Lightning take to be imported.
UNNEEDED, LOOKED_FOR = "scipy.signal", "hamming"


@contextmanager
def importing() -> Iterator[None]:
    """Around a command's imports, of which nothing is ever garbage: it isn't searched later either.

    Meanwhile `scipy.signal` is empty; whoever imports it afterwards gets what it is.
    """
    with unsearched(), _left_out():
        known = len(sys.modules)
        try:
            yield
        finally:
            if len(sys.modules) > known:  # else only what should be searched is there
                gc.freeze()


@contextmanager
def _left_out() -> Iterator[None]:
    if UNNEEDED in sys.modules:
        yield
        return
    empty = ModuleType(UNNEEDED)

    def real(name: str) -> Any:
        """For a library that needs more of it after all; where a module lies is asked of all."""
        if name == "__file__":
            raise AttributeError(name)
        end()
        return getattr(import_module(UNNEEDED), name)

    def end() -> None:
        if sys.modules.get(UNNEEDED) is empty:
            del sys.modules[UNNEEDED]

    vars(empty).update({LOOKED_FOR: None, "__getattr__": real})
    sys.modules[UNNEEDED] = empty
    try:
        yield
    finally:
        end()
