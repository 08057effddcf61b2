"""Questions that a sweep answers, a file each: what is measured, said, drawn, judged.

Functions that take a `Sweep` and return words (an answer), figures by name, tables by title, or a
`Claim`; a study's YAML names those that its report shows. Nothing here knows of pages.
"""
