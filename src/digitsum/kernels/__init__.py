"""Forward and backward passes through time, compiled by Numba: the CPU's fast path.

Each replica is computed whole by one thread (so that its numbers don't depend on the number of
threads or of other replicas), and its states stay in that core's cache. A kernel has `forward`
and `backward`, on tensors; `digitsum.recurrence.reference` is what they must equal.

Backward passes are the chain rule on the equations in `digitsum.cells`; a name `dx` is the
gradient of the loss by x.
"""
