"""A sign of life on a terminal while PyTorch is imported and a run is made ready: some seconds.

A pipe or a log file stays quiet.
"""

import sys

from rich.console import Console
from rich.status import Status

_shown: list[Status] = []  # a terminal has one


def begin(words: str) -> None:
    """Say what is being done, until `end`."""
    end()
    if sys.stderr.isatty():
        status = Status(words, console=Console(stderr=True, markup=False))
        status.start()
        _shown.append(status)


def end() -> None:
    """Something else speaks now."""
    while _shown:
        _shown.pop().stop()
