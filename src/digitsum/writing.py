"""Writing a file so that nobody ever sees half of it."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 2.0  # seconds
# How this process's files may be read and written, as whoever started it has set.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


def write_aside(path: Path, content: bytes) -> None:
    """Write to a temporary neighbour and rename it, so that nobody ever sees half a file.

    Several processes may write the same path at once: each renames a whole file of its own.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with naming(path), os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_UMASK)
        replace(Path(name), path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """A failing write says what went wrong, not where; so that is added."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def replace(aside: Path, path: Path) -> None:
    """Rename over what is there.

    Windows refuses while somebody reads it; readers of ours are done in a moment.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            os.replace(aside, path)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def remove(path: Path) -> None:
    """Delete a file, or empty it where it can't be deleted because somebody has it open.

    TensorBoard keeps event files open as long as it runs, and Windows deletes no such file.
    """
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        with path.open("r+b") as file:
            file.truncate()
