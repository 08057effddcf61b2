"""Where a training step's time goes, inside Lightning's whole loop.

python benchmarks/breakdown.py srn_residual 32
"""

import argparse
import functools
import logging
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import contenders
from lightning.pytorch.loggers import TensorBoardLogger

from digitsum.training import checkpointing
from digitsum.training.lit import LitDigitSum
from digitsum.training.ways.compiled import CompiledWay

# What is timed, and what of it is counted under another heading.
PARTS: tuple[tuple[str, Any, str], ...] = (
    ("all training steps", LitDigitSum, "training_step"),
    ("compiled steps", CompiledWay, "steps"),
    ("evaluation", LitDigitSum, "_evaluate"),
    ("compiled evaluation", CompiledWay, "measure"),
    ("TensorBoard", TensorBoardLogger, "log_metrics"),
    ("checkpoints", checkpointing, "save"),
)


def breakdown(model: str, replicas: int, folder: Path, steps: int = 19_000) -> dict[str, float]:
    """Microseconds per optimizer step by part; they add up to the step's."""
    spent: Counter[str] = Counter()

    def timed(name: str, function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[name] += time.perf_counter() - start

        return wrapper

    originals = [(owner, method, getattr(owner, method)) for _, owner, method in PARTS]
    try:
        for name, owner, method in PARTS:
            setattr(owner, method, timed(name, getattr(owner, method)))
        fit = contenders.ours(model, 35, replicas, folder)
        fit(200)
        spent.clear()
        whole = fit(steps) * replicas
    finally:
        for owner, method, original in originals:
            setattr(owner, method, original)
    t = {name: seconds / steps * 1e6 for name, seconds in spent.items()}
    evaluation = t["evaluation"] - t["compiled evaluation"] - t["TensorBoard"]
    rest = t["all training steps"] - t["compiled steps"] - t["evaluation"]
    return {
        "compiled steps": t["compiled steps"],
        "compiled evaluation on dev": t["compiled evaluation"],
        "keeping the best, curves, intervals": evaluation,
        "TensorBoard": t["TensorBoard"],
        "checkpoints": t.get("checkpoints", 0.0),
        "the rest of the training steps": rest,
        "Lightning": whole * 1e6 - t["all training steps"] - t.get("checkpoints", 0.0),
    }


def shown(parts: dict[str, float]) -> str:
    whole = sum(parts.values())
    lines = [f"{name:>48}  {t:7.0f} us  {t / whole:5.0%}" for name, t in parts.items()]
    return "\n".join([*lines, f"{'a step':>48}  {whole:7.0f} us"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("model", nargs="?", default="srn_residual")
    parser.add_argument("replicas", nargs="?", type=int, default=32)
    given = parser.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as name:
        print(shown(breakdown(given.model, given.replicas, Path(name))))
