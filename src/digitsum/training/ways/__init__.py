"""The two ways to train: `plain.py` is the reference, `compiled.py` must equal it.

`choice.py` says which is taken, and why. Nothing here knows of Lightning's loop or of callbacks.
"""
