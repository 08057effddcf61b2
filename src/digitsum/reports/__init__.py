"""What is told: the page, the table, the terminal, TensorBoard's summary; and the two commands.

`around.py` opens a sweep and reports when it ends; what is shown comes from `digitsum.questions`.
"""
