"""Runs a script on a machine that fails in one way.

python tests/runs/faulty.py FAULT train.py OVERRIDES

eio, estale: as a network drive fails, from the third file that is flushed to the disk on; memory:
none is left for the job with two replicas; clock: set back by a day in the middle of a sweep.
"""

import errno
import os
import runpy
import sys
import time
from importlib import import_module
from typing import Any


def drive(number: int) -> None:
    flushed, real = [], os.fsync

    def fsync(handle: Any) -> None:
        flushed.append(handle)
        if len(flushed) > 2:
            raise OSError(number, os.strerror(number))
        real(handle)

    os.fsync = fsync


def memory() -> None:
    lit: Any = import_module("digitsum.training.lit").LitDigitSum
    real = lit.on_train_start

    def on_train_start(self: Any) -> None:
        if len(self.best_accuracy) == 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to")
        real(self)

    lit.on_train_start = on_train_start


def clock() -> None:
    real, asked = time.time, []

    def now() -> float:
        asked.append(1)
        return real() - (86400 if len(asked) > 200 else 0)

    time.time = now


FAULTS = {
    "eio": lambda: drive(errno.EIO),
    "estale": lambda: drive(errno.ESTALE),
    "memory": memory,
    "clock": clock,
}

if __name__ == "__main__":
    fault = sys.argv[1]
    del sys.argv[:2]
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    FAULTS[fault]()
    runpy.run_path(sys.argv[0], run_name="__main__")
