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

__version__ = "0.1.0"

# A thread of torch's that has nothing left to do waits for others by spinning, by default so long
# that two programs on the same cores hold each other up eightyfold. Read when torch is imported.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
