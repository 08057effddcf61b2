"""DigitSum Lab: how far back does a recurrent network remember, and what do its gradients do?

One legend of axis names serves every shape in this package:

===  ==========================================================================
R    replicas: independent repetitions trained at once, always the first axis
B    batch
N    examples of a split
T    time: the length of a sequence of digits
V    vocabulary: the ten digits (of a person's own files, whatever they hold)
E    embedding size
H    hidden size
K    gates x H (K = H for the SRNs, 4 H for the LSTM, 3 H for the GRU)
C    classes: the nineteen sums 0..18, or what else is asked
===  ==========================================================================

Its rooms, from the top down; what is lower knows nothing of what is higher:

reports      what is told of a sweep: page, table, terminal; and the two commands
questions    what a sweep answers, a file each: measured, said, drawn, judged
sweeps       a grid of runs: its folder, its jobs, what is read back of them
runs         one run, from a configuration to a folder of results, and back
probes       what is measured inside a network while it trains
training     R replicas trained at once, the plain way and the compiled one
figures      pictures of one run
network      digits to logits, as equations: embedding, cells, readout
task         the examples, their files, the DataModule
kernels      compiled steps, derived from a cell's equation; arrays only
errors, streams, shell, paper, statistics, machine, writing      the ground

Importing this package imports nothing heavy. In a notebook `digitsum.open` looks into what was
made, and `digitsum.runs.notebook` composes what a Trainer of one's own needs.
"""

import os
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

# A thread of torch's that has nothing left to do waits for others by spinning, by default so long
# that two programs on the same cores hold each other up eightyfold. Read when torch is imported.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def open(folder: str | Path) -> Any:
    """Look into what a command has left.

    Args:
        folder: of a finished run, or of a sweep.

    Returns:
        of a run a `digitsum.runs.opening.OpenedRun`, with `.results`, `.curves`, `.network` and
        `.ask("67001")`; of a sweep its table, one row a job and replica: a pandas DataFrame where
        pandas is installed, else a list of dictionaries.

    Raises:
        UserError: the folder is neither, or something in it can't be read.
    """
    from digitsum.reports.opened import opened  # only now: torch takes seconds to import

    return opened(Path(folder).expanduser().resolve())
