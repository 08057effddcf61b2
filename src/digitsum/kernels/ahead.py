"""What all cells share is compiled in a process of its own, while the first run is made ready.

python -m digitsum.kernels.ahead float32
"""

import atexit
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from digitsum.kernels.copies import there
from digitsum.machine import usable_cores


def begin(dtype: str) -> None:
    """Start it, where there is a core for it and nothing compiled yet."""
    if not there(f"epoch.{dtype}") and usable_cores() > 1:
        beside(__name__, dtype)


def beside(module: str, *words: str) -> None:
    """Run one of this package's modules in a process that says nothing and ends with this one.

    Where there can be none, what it would have compiled is compiled later.
    """
    source = str(Path(__file__).resolve().parents[2])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    with suppress(OSError):
        # -P: no module of the folder in which the user happens to be.
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *words],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(child.terminate)


if __name__ == "__main__":
    import numpy as np

    from digitsum.kernels.epoch import ready

    ready(np.dtype(sys.argv[1]))
