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
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer

from digitsum.backpropagation import Backpropagation
from digitsum.classifier import Classifier
from digitsum.lit import LitDigitSum

# What is timed, and what of it is counted under another heading.
PARTS: tuple[tuple[str, type, str], ...] = (
    ("all of a training step", LitDigitSum, "training_step"),
    ("forward", Classifier, "losses"),
    ("backward, with Lightning's hooks", LitDigitSum, "manual_backward"),
    ("backward", Backpropagation, "backward"),
    ("optimizer, with Lightning's hooks", LightningOptimizer, "step"),
    ("optimizer", torch.optim.Adam, "step"),
    ("evaluation", LitDigitSum, "_evaluate"),
)


def breakdown(model: str, replicas: int, folder: Path, steps: int = 1900) -> dict[str, float]:
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
    done = contenders.epochs(steps) * contenders.STEPS_PER_EPOCH
    t = {name: seconds / done * 1e6 for name, seconds in spent.items()}
    both = t["backward, with Lightning's hooks"] + t["optimizer, with Lightning's hooks"]
    named = t["forward"] + t["backward"] + t["optimizer"] + t["evaluation"]
    hooks = both - t["backward"] - t["optimizer"]
    return {
        "forward": t["forward"],
        "backward": t["backward"],
        "optimizer": t["optimizer"],
        "evaluation on dev, its logs": t["evaluation"],
        "Lightning's hooks around backward and optimizer": hooks,
        "the rest of the step": t["all of a training step"] - named - hooks,
        "between epochs": whole * 1e6 - t["all of a training step"],
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
