"""DigitSum Lab: how far back does a recurrent network remember, and what do its gradients do?

One legend of axis names serves every shape in this package:

===  ==========================================================================
R    replicas: independent repetitions trained at once, always the first axis
B    batch
N    examples of a split
T    time: the length of a sequence of digits
V    vocabulary: the ten digits
E    embedding size
H    hidden size
K    gates x H (K = H for the SRNs, 4 H for the LSTM, 3 H for the GRU)
C    classes: the nineteen sums 0..18
===  ==========================================================================

Importing this package imports nothing heavy; `digitsum.lit` and `digitsum.data` hold the two
objects a notebook needs.
"""

import os
import sys

__version__ = "0.1.0"

# Threads that have finished their replicas wait for the others by spinning, by default so long that
# two trainings on the same cores hold each other up eightyfold. A shorter wait keeps most of what
# spinning gains where a training is alone. It is read when torch is first imported; where that came
# before, SPINS_LONG says so, and the kernels keep to one thread.
_decided = "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ
SPINS_LONG = "torch" in sys.modules and not _decided
if not _decided:
    os.environ["GOMP_SPINCOUNT"] = "1000"
