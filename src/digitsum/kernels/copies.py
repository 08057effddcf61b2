"""Compiled copies on disk: each filled by one process at a time, the others wait for it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from digitsum.garbage import unsearched
from digitsum.kernels import CACHE

_DONE = "done"


def there(name: str) -> bool:
    """Whether these have been compiled."""
    return (CACHE / name / _DONE).exists()


@contextmanager
def alone(name: str, words: str) -> Iterator[Path]:
    """The folder of these copies, this process being the only one in it; a terminal is told of what
    takes seconds.
    """
    folder = CACHE / name
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "compiling.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _tell(name, f"another process compiles {words}; waiting for it")
        lock.acquire()
    try:
        _tell(name, f"compiling {words}; it happens once")
        with unsearched():
            yield folder
        (folder / _DONE).touch()
    finally:
        lock.release()


def _tell(name: str, words: str) -> None:
    if not there(name) and sys.stderr.isatty():
        print(words, file=sys.stderr, flush=True)
