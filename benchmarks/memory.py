"""Peak memory of training above the idle process, in units of one trajectory of hidden states.

A unit is replicas x batch x length x hidden x 4 bytes: what backpropagation through time has to
keep. Idle is a process that has trained something small and holds the data and the network.

    python benchmarks/memory.py srn_residual
"""

import argparse
import gc
import json
import logging
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch

from digitsum.runs.notebook import compose

REPLICAS, LENGTH, BATCH, HIDDEN = 64, 280, 8, 32


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _fit(model: str, length: int, replicas: int, folder: Path) -> float:
    """Bytes between before and the peak during 120 steps."""
    words = (f"model={model}", f"data.length={length}", f"replicas={replicas}")
    data, module = compose(*words, f"data.root={folder / 'data'}")
    data.setup()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=120,
        limit_val_batches=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=False,
    )
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew; see proc(5)
    idle = _kilobytes("VmRSS")
    trainer.fit(module, data)
    return (_kilobytes("VmHWM") - idle) * 1024


def units(model: str) -> float:
    """Measured in a process of its own, since a peak is a process's."""
    found = subprocess.run(
        [sys.executable, __file__, model], capture_output=True, text=True, check=True
    )
    return float(json.loads(found.stdout.splitlines()[-1]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("model")
    given = parser.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        _fit(given.model, 10, 1, Path(name))
        peak = _fit(given.model, LENGTH, REPLICAS, Path(name))
    print(peak / (REPLICAS * BATCH * LENGTH * HIDDEN * 4))
