"""What can't be is refused here, in one line, before anything is written.

`check.py` asks all others: what was meant, whether it fits the tree, each value, what it builds,
whether it fits this machine. Nothing here makes a folder or begins a run.
"""
