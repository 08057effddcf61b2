"""A sweep: its folder and jobs, and what is said of it: table, figures, claims, report.

Chosen by `study=` (multirun_sweeps/study) and `report=`. `job.py` wraps a run, `report.py` reads
what all have left.
"""
