"""One process writes in a folder at a time: it holds the lock until it ends, at the latest."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from digitsum.errors import UserError
from digitsum.runs.folders import KEYS, LOCK, Kind

_held: dict[Path, tuple[FileLock, Kind]] = {}  # what this process writes in


def hold(folder: Path, kind: Kind, patience: float = 0.0) -> None:
    """Take the folder's lock for this process, until `release`; it is made where it isn't there.

    Raises:
        UserError: another process has it for longer than `patience` seconds.
    """
    place = folder.resolve()
    if place in _held:
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        running = "run is writing" if kind == "run" else "sweep is running"
        raise UserError(
            f"{folder}: another {running} in this folder; wait for it, or give this one "
            f"{KEYS[kind]}=PATH"
        ) from None
    _held[place] = lock, kind


def holding() -> list[str]:
    """`KEY=FOLDER` of what this process writes in: of its sweep, or its run."""
    words = [f"{KEYS[kind]}={folder}" for folder, (_, kind) in _held.items()]
    return words[:1]


def release(folder: Path) -> None:
    """Let others write."""
    lock, _ = _held.pop(folder.resolve(), (None, None))
    if lock is not None:
        lock.release()


@contextmanager
def held(folder: Path, kind: Kind, patience: float = 0.0) -> Iterator[None]:
    """Hold the folder's lock meanwhile, or go on holding it."""
    before = folder.resolve() in _held
    hold(folder, kind, patience)
    try:
        yield
    finally:
        if not before:
            release(folder)
