"""The gradient laboratory: what happens inside the network, measured by Lightning callbacks.

Each probe records arrays with the replica axis and at the end leaves `NAME.npz`, a figure, and
TensorBoard scalars. They only look: a run with probes ends in the same numbers as one without.
"""
