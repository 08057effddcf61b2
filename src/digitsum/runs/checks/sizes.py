"""How much memory and disk a run needs, before it is begun: what can't fit is refused.

The counts below are of what the code holds at its largest; the shares were measured
(`tests/runs/test_sizes.py` holds them to within 1.5 of a run's own peak).
"""

import copy
import shutil
from pathlib import Path
from typing import NamedTuple

from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.machine import free_gpu_memory, free_memory, taken_memory, usable_cores
from digitsum.runs.checks.counts import Counts, counted
from digitsum.runs.checks.trainer_flags import on_cpu, on_cuda
from digitsum.task.data import PROBED

MIB = 2**20
FLOAT, DOUBLE = 4, 8
# What is imported after the estimate is made, the second with the compiled kernels; what is before
# differs by hundreds of MiB between builds of torch, and is looked up.
PLAIN, COMPILED = 110 * MIB, 220 * MIB
# What CUDA's libraries take of the CPU's memory, and matrix products of the GPU's.
CUDA, PRODUCTS = 600 * MIB, 32 * MIB
# A replica's own objects beside its numbers: rows of tables, dots of figures, generators.
REPLICA = 0.1 * MIB
# What the keys that decide the size would be in a run that fits anywhere.
SMALL = {
    "replicas": 1,
    "data.length": 3,
    "model.hidden_size": 8,
    "embedding.size": 8,
    "data.batch_size": 1,
    "data.copies": 1,
    "evaluate_every": 10**9,
}


class Sizes(NamedTuple):
    """Bytes: `memory` at its largest; `disk` as long as it runs, `left` once it is done; `gpu` of a
    GPU's own.
    """

    memory: float
    disk: float
    left: float
    gpu: float = 0.0


def sizes(config: DictConfig) -> Sizes:
    """Estimate what a checked configuration needs."""
    counts = counted(config)
    digits = 8 * counts.replicas * counts.examples * counts.length
    if config.data.get("fresh"):  # passes held at once, as bytes, beside the last one drawn
        digits *= 3
    weights = counts.number * counts.weights * counts.replicas
    curves = 8 * 4 * counts.points * counts.replicas
    norms = _norms(config, counts)
    compiled = config.recurrence == "fast" and on_cpu(config.trainer.accelerator)
    # In training, the best, moments, gradients, a checkpoint, flat copies.
    learnt = 10 * weights + (_compiled(counts) if compiled else _plain(counts))
    cuda = on_cuda(config.trainer.accelerator)
    looked, looked_there = _probes(config, counts, cuda)
    memory = (
        taken_memory()
        + (COMPILED if compiled else PLAIN)
        + 1.2 * digits  # one split is stacked from its replicas while the others are held
        + REPLICA * counts.replicas
        + looked
        + 3 * curves
        + 2 * norms
        + (CUDA + 2 * weights if cuda else learnt)
    )
    gpu = PRODUCTS + digits + learnt + looked_there if cuda else 0.0
    files = counts.distinct * counts.examples * (2 * counts.length + 3)
    checkpoint = 4 * weights  # in training, the best, two moments
    left = files + checkpoint + 2 * curves + norms + 0.2 * MIB + 1200 * counts.replicas
    return Sizes(memory, left + checkpoint, left, gpu)


def check_sizes(config: DictConfig, folder: Path) -> None:
    """Refuse what can't fit into memory, or on the disk of a run's folder.

    Args:
        config: with checked values.
        folder: the run's; it needn't be there yet.

    Raises:
        UserError: naming the key that asks for most.
    """
    needed = sizes(config)
    there = {
        "memory": free_memory() + taken_memory(),
        "gpu": free_gpu_memory() if needed.gpu else 0,
        "disk": shutil.disk_usage(_there(folder)).free,
    }
    for what, free in there.items():
        if (need := getattr(needed, what)) > free:
            of = "the GPU's memory" if what == "gpu" else what
            raise UserError(
                f"{_largest(config, what, need)} needs about {_said(need)} of {of}; "
                f"{_said(free)} are free"
            )


def _there(folder: Path) -> Path:
    """The folder, or the closest one above it that is there."""
    folder = folder.absolute()
    return next(one for one in (folder, *folder.parents) if one.exists())


def _largest(config: DictConfig, what: str, need: float) -> str:
    """`KEY=VALUE` of the key without which a run would be smallest, by half at least."""
    without: dict[str, float] = {}
    for key, small in SMALL.items():
        value = OmegaConf.select(config, key)
        if value is not None and (value < small if key == "evaluate_every" else value > small):
            other = copy.deepcopy(config)
            OmegaConf.update(other, key, small)
            if (less := getattr(sizes(other), what)) < need / 2:
                without[f"{key}={value}"] = less
    return min(without, key=without.__getitem__, default="this run")


def _said(count: float) -> str:
    for unit in ("MiB", "GiB", "TiB", "PiB"):
        count /= 1024
        if unit == "MiB":
            count /= 1024
        if count < 1000:
            return f"{count:.3g} {unit}"
    return f"{count:.1g} PiB"


def _compiled(counts: Counts) -> float:
    """Trajectories of the kernels, one replica a thread: states, and what their slopes need."""
    gated = 1.25 * counts.gates if counts.gates > 1 else 0
    threads = min(usable_cores(), counts.replicas)
    one = counts.batch * counts.length * counts.hidden
    return float(counts.number * threads * one * (counts.states + gated))


def _plain(counts: Counts) -> float:
    """What autograd keeps of every step."""
    return _states(counts, counts.batch) * 2.4 * counts.gates


def _states(counts: Counts, sequences: int) -> float:
    return counts.number * counts.replicas * sequences * counts.length * counts.hidden


def _probes(config: DictConfig, counts: Counts, cuda: bool) -> tuple[float, float]:
    """The largest of the probes at hand, which look one after another: what it takes of the CPU's
    memory, and of a GPU's own.
    """
    kinds = _kinds(config)
    here, there = [0.0], [0.0]
    if "Memory" in kinds:
        # The states of two sets of sequences; those of one set twice, where it runs; those of a
        # replica in doubles, twice, on the CPU.
        seen = max(counts.examples, 2 * 100 * PROBED)
        digits, states = 8 * counts.replicas * seen * counts.length, _states(counts, seen)
        one = 3 * DOUBLE * seen * counts.length * counts.hidden
        here.append(digits + (1 if cuda else 2) * states + one)
        there.append(digits + states)
    looking = there if cuda else here
    if "Spectrum" in kinds:
        numbers = 60 * counts.replicas * (counts.states * counts.hidden) ** 2
        looking.append(counts.number * numbers)
    if kinds & {"Saturation", "GradientFlow"}:
        looking.append(_plain(counts))
    return max(here), max(there)


def _kinds(config: DictConfig) -> set[str]:
    """Names of the callbacks' classes; a stored run has none."""
    callbacks = config.get("callbacks") or {}
    return {str(one._target_).rpartition(".")[2] for one in callbacks.values()}


def _norms(config: DictConfig, counts: Counts) -> float:
    """Norms of every step's gradients, before clipping and after."""
    if "GradientNorms" not in _kinds(config):
        return 0
    steps = counts.points * config.evaluate_every
    return float(2 * FLOAT * steps * counts.replicas * (3 * counts.gates + 1))
