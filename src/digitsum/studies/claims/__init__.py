"""What somebody claims, judged by a sweep: a function each, `Sweep` -> `Claim`.

A study's YAML names those it can judge.
"""
