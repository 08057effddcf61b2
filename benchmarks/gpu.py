"""A GPU, which trains the plain way, beside the compiled way on the cores of its own machine.

    python benchmarks/gpu.py [ACCELERATOR]

The whole of the training loop, as in `throughput.py`; both take turns; medians.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from contenders import ours
from rich.console import Console
from rich.table import Table

LENGTH = 35
MODELS, REPLICAS = ("srn", "lstm", "gru"), (1, 16, 128, 1024)
ROUNDS, STEPS = 3, {"gpu": 60, "cpu": 240}


def milliseconds(model: str, replicas: int, accelerator: str) -> tuple[float, float]:
    """Of a step of all replicas: on the GPU, and compiled."""
    with tempfile.TemporaryDirectory() as folder:
        there = ours(model, LENGTH, replicas, Path(folder) / "there", accelerator)
        here = ours(model, LENGTH, replicas, Path(folder) / "here")
        there(STEPS["gpu"]), here(STEPS["cpu"])
        taken = [(there(STEPS["gpu"]), here(STEPS["cpu"])) for _ in range(ROUNDS)]
    return tuple(1e3 * replicas * statistics.median(one) for one in zip(*taken, strict=True))


def main(accelerator: str = "gpu") -> None:
    """Measure and print."""
    table = Table(title=f"milliseconds a step, length {LENGTH}")
    for name in ("model", "replicas", accelerator, "compiled", "times as long"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for model in MODELS:
        for replicas in REPLICAS:
            there, here = milliseconds(model, replicas, accelerator)
            row = (f"{there:.3g}", f"{here:.3g}", f"{there / here:.3g}")
            table.add_row(model, str(replicas), *row)
    Console().print(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
