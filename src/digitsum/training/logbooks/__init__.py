"""What a run tells its loggers beside curves: settings before the fit, figures, and what came out.

A file a logger of Lightning's; `book.py` says what they have in common, `opened.py` which is whose.
"""
