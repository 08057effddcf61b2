"""Training from one look to the next as one compiled function, made from the cell's own equation.

Each replica is taken through all its steps by one thread, never meeting the others: its numbers
depend neither on the number of threads nor on other replicas. Numba compiles; arrays are NumPy's.
`digitsum.network.recurrence` and autograd are the plain way, which this one must equal.
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from llvmlite.binding import get_host_cpu_name

_HERE = Path(__file__).resolve().parent


def writable(beside: Path) -> Path:
    """The first that may be written: where NUMBA_CACHE_DIR says, beside the sources, the user's own
    cache, a temporary folder.
    """
    wished = os.environ.get("NUMBA_CACHE_DIR")
    home = Path.home()
    own = {
        "win32": Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")),
        "darwin": home / "Library" / "Caches",
    }.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME", home / ".cache")))
    for place in (*([Path(wished)] if wished else []), beside, own / "digitsum"):
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                return place
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="digitsum-"))


def digest(folder: Path) -> str:
    """A hash of all sources, and of the processor that they are compiled for.

    Numba looks at a function's own file alone to see whether a compiled copy is still good; ours
    call into each other's files.
    """
    found = hashlib.sha256(get_host_cpu_name().encode())
    for path in sorted(folder.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


CACHE = writable(_HERE / "__pycache__") / digest(_HERE)
CACHE.mkdir(parents=True, exist_ok=True)
