"""Forward and backward passes through time, compiled by Numba: the CPU's fast path.

Each replica is computed whole by one thread (so that its numbers don't depend on the number of
threads or of other replicas), and its states stay in that core's cache. A kernel has `forward`
and `backward`, on NumPy arrays; `digitsum.recurrence.reference` is what a cell's must equal.

Backward passes are the chain rule on the equations in `digitsum.cells`; a name `dx` is the
gradient of the loss by x.
"""

import hashlib
import os
from pathlib import Path

# Where someone shares out cores by OMP_NUM_THREADS (joblib does), ours keep to it as well.
if "OMP_NUM_THREADS" in os.environ:
    os.environ.setdefault("NUMBA_NUM_THREADS", os.environ["OMP_NUM_THREADS"])

from numba import config, get_num_threads, set_num_threads

from digitsum import SPINS_LONG

# Numba starts its threads here and now, since that also sets how many torch uses: who wants another
# number for torch says so afterwards.
_alone = SPINS_LONG and "NUMBA_NUM_THREADS" not in os.environ
set_num_threads(1 if _alone else get_num_threads())

_HERE = Path(__file__).resolve().parent

# Numba looks at a function's own file alone to see whether a compiled copy is still good; ours call
# into each other's files, so a copy is kept by the hash of all of them.
if os.access(_HERE, os.W_OK) and not os.environ.get("NUMBA_CACHE_DIR"):
    _sources = b"".join(path.read_bytes() for path in sorted(_HERE.glob("*.py")))
    config.CACHE_DIR = str(_HERE / "__pycache__" / hashlib.sha256(_sources).hexdigest()[:16])  # type: ignore[attr-defined]
