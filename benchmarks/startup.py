"""How long the command line takes to answer where nothing is trained: help, a typo, completion.

python benchmarks/startup.py
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRAIN = Path(__file__).resolve().parents[1] / "train.py"
TYPED = "python train.py model="
QUESTIONS: dict[str, tuple[list[str], dict[str, str]]] = {
    "train.py --help": (["--help"], {}),
    "a misspelt override": (["modle=srn"], {}),
    "tab completion": (
        ["-sc", "query=bash"],
        {"COMP_LINE": TYPED, "COMP_POINT": str(len(TYPED))},
    ),
}


def seconds(rounds: int = 5) -> dict[str, float]:
    """Median of each, after a first time that isn't counted."""
    found: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    with tempfile.TemporaryDirectory() as folder:
        for index in range(rounds + 1):
            for name, (words, variables) in QUESTIONS.items():
                start = time.perf_counter()
                subprocess.run(
                    [sys.executable, str(TRAIN), *words],
                    env=os.environ | variables,
                    cwd=folder,
                    capture_output=True,
                )
                if index:
                    found[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in found.items()}


if __name__ == "__main__":
    for question, taken in seconds().items():
        print(f"{question:>20}  {taken:.2f} s")
