"""Evaluate a finished run, or report on a sweep: `python evaluate.py --help`."""

from digitsum.reports.commands import evaluate

if __name__ == "__main__":
    evaluate()
