"""Writing a file so that nobody ever sees half of it."""

import os
import tempfile
from pathlib import Path


def write_aside(path: Path, content: bytes) -> None:
    """Write to a temporary neighbour and rename it, so that nobody ever sees half a file.

    Several processes may write the same path at once: each renames a whole file of its own.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
