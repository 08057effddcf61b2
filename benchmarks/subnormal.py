"""What numbers too small for a float's exponent cost: milliseconds of a step of networks that have
learnt, where the kernels take them for zero and where they are kept.

    python benchmarks/subnormal.py [MODEL ...]

Length 40, 4 replicas on fresh examples, one thread; processes take turns, medians. Also says
whether both end with the same weights.
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from rich.console import Console
from rich.table import Table

MODELS = {"rglru_2": 0.01, "mingru_2": 0.003, "gru": 0.003, "srn": 0.003}
ROUNDS, LEARN, TIMED, STEPS = 3, 100, 30, 38  # passes, and steps of one


def timed(models: list[str], kept: bool) -> dict[str, Any]:
    """Milliseconds of a step, and a hash of the weights, by model."""
    import lightning.pytorch as pl
    import torch

    from digitsum.kernels import subnormal
    from digitsum.runs.notebook import compose

    torch.set_num_threads(1)
    if kept:
        subnormal.X86 = False
    found = {}
    quiet: Any = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    for model in models:
        words = (f"model={model}", f"lr={MODELS.get(model, 0.003)}", "data=fresh")
        data, module = compose(*words, "data.length=40", "replicas=4", "evaluate_every=1900")
        for passes in (LEARN, TIMED):
            begun = time.perf_counter()
            trainer = pl.Trainer(max_epochs=passes, limit_val_batches=0, accelerator="cpu", **quiet)
            trainer.fit(module, data)
            taken = time.perf_counter() - begun
        weights = b"".join(one.detach().numpy().tobytes() for one in module.parameters())
        found[model] = (1000 * taken / TIMED / STEPS, hashlib.sha256(weights).hexdigest())
    return found


def main() -> None:
    models = [one for one in sys.argv[1:] if not one.startswith("--")] or list(MODELS)
    if "--zero" in sys.argv or "--kept" in sys.argv:
        print(json.dumps(timed(models, "--kept" in sys.argv)))
        return
    found: dict[str, list[dict[str, Any]]] = {"--zero": [], "--kept": []}
    with tempfile.TemporaryDirectory() as place:
        for _ in range(ROUNDS):
            for way, several in found.items():
                # Copies of a kind each, since their sources are the same.
                env = os.environ | {"NUMBA_CACHE_DIR": os.path.join(place, way)}
                command = [sys.executable, __file__, way, *models]
                done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
                several.append(json.loads(done.stdout.splitlines()[-1]))
    table = Table("cell", "ms a step", "kept", "times", "the same weights")
    for model in models:
        zero, kept = (
            statistics.median(one[model][0] for one in several) for several in found.values()
        )
        hashes = {one[model][1] for several in found.values() for one in several}
        same = "yes" if len(hashes) == 1 else "no"
        table.add_row(model, f"{zero:.3f}", f"{kept:.3f}", f"{kept / zero:.1f}", same)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
