"""A sweep's answer in a sentence: a function each, `Sweep` -> words; empty where it has none.

A study's YAML names those to ask; the first that has an answer gives it.
"""
