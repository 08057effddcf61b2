"""One run: from a configuration, checked, to a folder of results; read back, and asked again.

`run.py` is the way through. How a command ends (`cli.py`) is here too. Nothing here knows that runs
may be jobs of a sweep.
"""
