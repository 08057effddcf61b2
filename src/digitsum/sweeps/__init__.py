"""A grid or a search: its folder, manifest and jobs, and what is read back of them.

Chosen by `study=` and `search=` (multirun_sweeps). `job.py` wraps a run; nothing here asks what
the numbers mean.
"""
