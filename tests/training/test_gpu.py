"""A GPU trains the plain way: as the CPU does but for rounding, and alike each time.

All of it is skipped where there is none.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pytest
import torch

from digitsum.network.cells import GRU, LSTM, Cell
from digitsum.probes.gradient_flow import GradientFlow
from digitsum.probes.gradient_norms import GradientNorms
from digitsum.probes.memory import Memory
from digitsum.probes.probe import Probe
from digitsum.probes.saturation import Saturation
from digitsum.probes.spectrum import Spectrum
from digitsum.runs import results
from digitsum.training.clipping import Clipping

from ..conftest import REPO, Command
from ..networks import CELLS, data, trainer
from ..runs.test_sizes import ESTIMATED, FEW
from .test_compiled import CLIPS, OPTIMIZERS, made, same, trained

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


def equal(folder: Path, **settings: Any) -> None:
    """Both devices from the same start, in float64."""
    examples = {name: settings.pop(name) for name in ("fresh", "copies") if name in settings}
    there, here = (
        trained(made(recurrence="reference", **settings), folder, device=device, **examples)
        for device in ("gpu", "cpu")
    )
    same(there.cpu(), here, 1e-9, 1e-11)


@pytest.mark.parametrize("kind", CELLS)
def test_every_cell(kind: type[Cell], tmp_path: Path) -> None:
    equal(tmp_path, kind=kind)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("clipping", CLIPS, ids=lambda c: c.algorithm if c.value else "none")
def test_every_optimizer_and_clipping(optimizer: str, clipping: Clipping, tmp_path: Path) -> None:
    equal(tmp_path, kind=GRU, optimizer=optimizer, clipping=clipping)


def test_examples_drawn_anew(tmp_path: Path) -> None:
    equal(tmp_path, kind=GRU, fresh=True, copies=1)


def test_in_single_precision_as_far_as_rounding_goes(tmp_path: Path) -> None:
    there, here = (
        trained(made(LSTM, dtype=torch.float32), tmp_path, device=device)
        for device in ("gpu", "cpu")
    )
    same(there.cpu(), here, 2e-2, 2e-3)


class Halfway(pl.Callback):
    """Leaves a checkpoint between two evaluations."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.current_epoch == 3:
            trainer.save_checkpoint(self.path)


def probes(folder: Path) -> list[Probe]:
    looking = (Saturation(str(folder), 5), GradientFlow(str(folder), 20), Spectrum(str(folder), 20))
    return [GradientNorms(str(folder)), *looking, Memory(str(folder))]


def test_the_same_numbers_again_and_resumed(tmp_path: Path) -> None:
    examples = partial(data, tmp_path, 2, batch_size=20, shuffle=True)  # 15 steps a pass
    half = tmp_path / "half.ckpt"
    found = []
    for path, extra in ((None, [Halfway(half)]), (None, []), (half, [])):
        module, looking = made(LSTM, dtype=torch.float32), probes(tmp_path)
        run = trainer(max_epochs=8, accelerator="gpu", callbacks=[*looking, *extra])
        run.fit(module, examples(), ckpt_path=path, weights_only=True)
        assert run.global_step == 120
        found.append((module.cpu(), {one.name: one.arrays() for one in looking}))
    (first, seen), *others = found
    for other, seen_too in others:
        same(first, other, 0, 0)
        for name, arrays in seen.items():
            for key, values in arrays.items():
                np.testing.assert_array_equal(values, seen_too[name][key], f"{name}, {key}")


@pytest.mark.parametrize(
    "words",
    [
        ("replicas=64", "model=gru", "data.length=300", "data.batch_size=64"),
        ("replicas=2000", "model.hidden_size=64"),
    ],
)
def test_a_run_needs_what_was_estimated(words: tuple[str, ...], tmp_path: Path) -> None:
    code = "import atexit, torch\n"
    code += "atexit.register(lambda: print(torch.cuda.max_memory_reserved()))" + ESTIMATED
    typed = (str(REPO / "train.py"), *words, *FEW, "trainer=gpu", "logger=none")
    done = subprocess.run(
        [sys.executable, "-c", code, *typed], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    estimated, *_, last = done.stdout.splitlines()
    *_, needed = map(float, estimated.split())
    assert int(last) / 1.5 < needed < int(last) * 1.5


def test_the_command(process: Command, tmp_path: Path) -> None:
    words = ("trainer=gpu", "callbacks=probes", "clip=blog", "replicas=4", "trainer.max_epochs=4")
    done = process("train.py", *words, "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    assert "plain, slower way" not in done.stderr
    run = results.read(tmp_path / "run")
    assert set(run["probes"]) >= {"memory", "spectrum", "saturation"}
    done = process("evaluate.py", "run=run")
    assert done.returncode == 0, done.stderr
    assert "Each replica's accuracy equals what training reported." in done.stdout
