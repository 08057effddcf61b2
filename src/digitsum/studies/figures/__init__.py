"""What a sweep looks like: a function each, `Sweep` -> figures by name.

A study's YAML names those it draws. Pictures of one run are in `digitsum.figures`.
"""
