"""The network as its equations: embedding, cells, readout, the loop over time; how they start.

Chosen by `model=` (`cells`), `embedding=` and `init=`. Every tensor has the replica axis first.
Nothing here knows of losses, optimizers or runs.
"""
