"""What studies took, and what the textbook's loop would have taken for the same replicas.

    python train.py study=accuracy_vs_length
    python benchmarks/studies.py multirun/accuracy_vs_length

The textbook's time per step is `throughput.py`'s, at lengths 10 and 35, with a straight line
through both; its loop over an SRN stands for every cell, though its gated cells take longer.
"""

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).resolve().parent / "results" / "throughput.json"


def textbook_seconds(length: int) -> float:
    """Per optimizer step of one replica."""
    measured = json.loads(RESULTS.read_text())
    short, long = measured["by_length"]["textbook 10"], measured["by_length"]["textbook 35"]
    return float(short + (long - short) * (length - 10) / 25) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("folders", nargs="+", type=Path)
    table = Table()
    for heading in ("study", "jobs", "wall clock", "the textbook's loop"):
        table.add_column(heading, justify="left" if heading == "study" else "right")
    whole, extrapolated = 0.0, 0.0
    for folder in parser.parse_args().folders:
        files = sorted(folder.glob("*/results.json"))
        started = json.loads((folder / "sweep.json").read_text())["started"]
        taken = max(file.stat().st_mtime for file in files) - started
        theirs = 0.0
        for file in files:
            job = json.loads(file.read_text())
            step = textbook_seconds(job["settings"]["data.length"])
            theirs += len(job["replicas"]) * job["optimizer_steps"] * step
        table.add_row(
            folder.name, str(len(files)), f"{taken / 60:.1f} min", f"{theirs / 3600:.0f} h"
        )
        whole, extrapolated = whole + taken, extrapolated + theirs
    table.add_row("together", "", f"{whole / 60:.1f} min", f"{extrapolated / 3600:.0f} h")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
