"""Every cell: microseconds of a replica's step, beside JAX's scanned epoch of the same equation;
and two of them beside steps that are written out by hand.

    python benchmarks/every_cell.py [MODEL ...]

Batch 8, hidden 32, Adam; the compiled steps alone, without evaluations and logs, which JAX's side
hasn't either. Both take turns; medians.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import by_hand
import numpy as np
from in_jax import STEPS_PER_EPOCH, B, scanned_epoch
from rich.console import Console
from rich.table import Table

from digitsum.kernels.epoch import Examples, Rows, records_for
from digitsum.kernels.update import ADAM, ANSWER
from digitsum.network.classifier import Classifier
from digitsum.runs.notebook import compose
from digitsum.training.ways.rows import FlatNetwork, usable_threads

CONF = Path(__file__).resolve().parents[1] / "conf" / "model"
SIZES = ((35, 32), (35, 1))
ROUNDS = 5
RESULTS = Path(__file__).resolve().parent / "results" / "cells.json"


def ours(network: FlatNetwork, length: int) -> Callable[[int], float]:
    """Seconds of a replica's step, of one call."""
    replicas, count = network.replicas, B * STEPS_PER_EPOCH
    network.write(network.weights, network.tensors)
    stream = np.random.default_rng(0)
    digits = stream.integers(0, 10, (replicas, count, length)).astype(np.uint8)
    labels = (digits[:, :, 0] + digits[:, :, 1]).astype(np.int64)
    order = np.arange(count, dtype=np.int64).reshape(1, 1, count)
    adam = {"first": 0.9, "second": 0.999, "eps": 1e-8, "lr": 1e-3}
    rule = ANSWER._replace(optimizer=ADAM, mean=True, **adam)
    moments = [network.empty() for _ in range(3)]
    rows = Rows(network.weights, *moments, np.zeros(replicas, np.bool_))
    passes = np.repeat(order, 40, axis=1)

    def seconds(steps: int) -> float:
        examples = Examples(digits, labels, passes, B, STEPS_PER_EPOCH)
        start = time.perf_counter()
        network.run(rule, examples, rows, records_for(steps, network.replicas, network.dtype), 0, 0)
        return (time.perf_counter() - start) / steps / replicas

    seconds(2)  # compiles
    return seconds


def medians(timers: list[Callable[[int], float]], steps: int) -> list[float]:
    """Microseconds; taking turns."""
    found: list[list[float]] = [[] for _ in timers]
    for _ in range(ROUNDS):
        for times, timer in zip(found, timers, strict=True):
            times.append(timer(steps) * 1e6)
    return [statistics.median(times) for times in found]


def network_of(words: list[str], replicas: int, length: int) -> Classifier:
    _, module = compose(*words, f"replicas={replicas}", f"data.length={length}")
    return module.classifier


def main() -> None:
    threads = usable_threads()
    models = sys.argv[1:] or sorted(path.stem for path in CONF.glob("*.yaml"))
    wanted = [[f"model={name}"] for name in models]
    if not sys.argv[1:]:
        wanted += [[f"model={name}", "model.layers=2"] for name in ("lstm", "mingru", "lru")]
    table = Table(title="microseconds of a replica's step, batch 8, hidden 32, length 35, Adam")
    for heading in ("cell", "x32", "JAX x32", "times", "x1", "JAX x1", "times", "by hand / ours"):
        table.add_column(heading, justify="right")
    known: dict[str, dict[str, float]] = {}
    for words in wanted:
        cells = [" ".join(word.removeprefix("model=") for word in words)]
        for length, replicas in SIZES:
            classifier = network_of(words, replicas, length)
            timers = [
                ours(FlatNetwork(classifier, threads), length),
                scanned_epoch(classifier, length),
            ]
            taken = medians(timers, 76 if replicas > 1 else 760)
            cells += [f"{taken[0]:.1f}", f"{taken[1]:.1f}", f"{taken[1] / taken[0]:.1f}"]
        kind = type(classifier.cell).__name__
        if kind in by_hand.WRITTEN and len(words) == 1:
            classifier = network_of(words, 32, 35)
            derived = FlatNetwork(classifier, threads)
            with by_hand.instead():
                written = FlatNetwork(classifier, threads)
            one, other = medians([ours(derived, 35), ours(written, 35)], 76)
            same = np.abs(derived.weights - written.weights).max()
            cells.append(f"{other / one:.2f} (weights differ by {same:.0e})")
        table.add_row(*cells)
        names = ("32 replicas", "JAX, 32 replicas", "1 replica", "JAX, 1 replica")
        numbers = (cells[1], cells[2], cells[4], cells[5])
        known[cells[0]] = dict(zip(names, map(float, numbers), strict=True))
    Console(width=140).print(table)
    if not sys.argv[1:]:
        RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
