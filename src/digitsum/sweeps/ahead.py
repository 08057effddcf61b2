"""Cells of a sweep's later jobs are compiled beside its first ones, on cores that are free.

python -P -m digitsum.sweeps.ahead float32 '[["model=gru"], ["model=lstm"]]'
"""

import hashlib
import json
import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from digitsum.machine import usable_cores
from digitsum.runs.ahead import compiled_for
from digitsum.runs.places import key_of

# A process imports PyTorch before it compiles, which is as long as compiling one cell; and each
# takes half a GiB.
LEAST, MOST = 2, 4
CELLS = 48  # more don't fit into a command of Windows


def compile_all(config: DictConfig, jobs: Sequence[Sequence[str]]) -> None:
    """What all cells share, and those of the jobs but for the first's, which that one compiles.

    Args:
        config: the sweep's, of values not checked yet.
        jobs: their overrides, in the order in which they begin.
    """
    dtype = compiled_for(config)
    if dtype is None:
        return
    # Only now: whoever asks for help needs no LLVM.
    from digitsum.kernels.ahead import begin, beside
    from digitsum.kernels.copies import there

    begin(dtype)
    cells = {_name(job, dtype): list(job) for job in jobs}
    left = [cells[name] for name in [*cells][1:] if not there(name)][:CELLS]
    count = min(usable_cores() - 1, len(left) // LEAST, MOST)
    for number in range(count):
        beside(__name__, dtype, json.dumps(left[number::count]))


def _name(job: Sequence[str], dtype: str) -> str:
    """Of a job's cell, by what was typed of it: only composing would tell which class that is."""
    typed = [one for one in job if _tells_cell(key_of(one))]
    return f"job_{hashlib.sha256(json.dumps(typed).encode()).hexdigest()[:12]}.{dtype}"


def _tells_cell(key: str) -> bool:
    return key in ("study", "model") or (key.startswith("model.") and key != "model.hidden_size")


def main(dtype: str, jobs: list[list[str]]) -> None:
    """Compile the jobs' cells, one after the other."""
    import numpy as np

    from digitsum.kernels.copies import alone
    from digitsum.kernels.steps import addresses, step_of
    from digitsum.runs.checks.trial import small_classifier
    from digitsum.runs.manual import composed
    from digitsum.runs.search_path import CONF

    for job in jobs:
        with alone(_name(job, dtype), "a job's cell"):
            cell = small_classifier(composed(str(CONF), "config", job), hidden=4, size=4).cell
            addresses(step_of(cell).name, np.dtype(dtype))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
