"""Replica-steps per second beside what a user would pick instead, all in one run.

    pip install -r requirements-bench.txt
    python benchmarks/throughput.py            # a few minutes; writes benchmarks/results/

Contenders take turns, after a warm-up, and medians over rounds are compared: a machine whose speed
wanders slows all of them. Every goal is printed beside what was met.
"""

import argparse
import json
import logging
import platform
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breakdown
import contenders as c
import limit
import memory
import numpy as np
import startup
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from digitsum.figures.style import LOOKS, figure, save, styled
from digitsum.runs.results import versions

HERE = Path(__file__).resolve().parent
LENGTHS = (10, 20, 35, 70, 140, 280)
GRID = tuple((r, n) for r in (1, 2, 4, 16, 32, 128) for n in (10, 25, 35, 140))


def medians(timers: dict[str, c.Timer], steps: dict[str, int], rounds: int) -> dict[str, float]:
    """Median microseconds per replica-step; each round every contender has its turn."""
    found: dict[str, list[float]] = {name: [] for name in timers}
    for index in range(rounds + 1):
        for name, timer in timers.items():
            taken = timer(steps.get(name, 100))
            if index:  # the first round warms up
                found[name].append(taken * 1e6)
    return {name: statistics.median(times) for name, times in found.items()}


def machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {torch.get_num_threads()} threads"


def contest(folder: Path, rounds: int) -> dict[str, float]:
    """The main table: length 35, one replica also at length 10."""
    timers: dict[str, c.Timer] = {
        "textbook": c.textbook(35),
        "torch RNN": c.torch_layer(nn.RNN, 35),
        "torch LSTM": c.torch_layer(nn.LSTM, 35),
        "torch GRU": c.torch_layer(nn.GRU, 35),
        "JAX, 32": c.jax_srn(35, 32),
        "JAX scanned, 32": c.jax_srn(35, 32, scanned=True),
        "JAX, 1": c.jax_srn(35, 1),
        "JAX, 1, length 10": c.jax_srn(10, 1),
        "floor, 32": c.floor(35, 32),
        "ours, 32": c.ours("srn_residual", 35, 32, folder),
        "ours, 1": c.ours("srn_residual", 35, 1, folder),
        "ours, 1, length 10": c.ours("srn_residual", 10, 1, folder),
        "ours LSTM, 32": c.ours("lstm", 35, 32, folder),
        "ours GRU, 32": c.ours("gru", 35, 32, folder),
    }
    steps = {name: _steps(name) for name in timers}
    return medians(timers, steps, rounds)


def _steps(name: str) -> int:
    """So many that a turn takes a second or less."""
    if name.startswith("ours"):
        return 1900 if ", 32" in name else 19_000
    return 1000 if ", 1" in name else 100


def race(folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Ours and both JAX loops at every number of replicas and length: microseconds per
    replica-step.
    """
    found = {}
    for replicas, length in GRID:
        timers = {
            "ours": c.ours("srn_residual", length, replicas, folder),
            "JAX": c.jax_srn(length, replicas),
            "JAX scanned": c.jax_srn(length, replicas, scanned=True),
        }
        size = replicas * length
        steps = {"ours": max(760, 2_000_000 // size), "JAX": max(38, 40_000 // size)}
        steps["JAX scanned"] = steps["JAX"]
        found[f"{replicas} x {length}"] = medians(timers, steps, rounds)
    return found


def goals(
    t: dict[str, float],
    grid: dict[str, dict[str, float]],
    share: float,
    exponent: float,
    peaks: dict[str, float],
    answers: dict[str, float],
) -> list[tuple[str, float, str, bool]]:
    """What is measured, its value, its goal, whether it is met."""
    over: Callable[[str, str], float] = lambda slow, fast: t[slow] / t[fast]  # noqa: E731
    srn = "residual SRN, 32 replicas,"
    ahead = min(min(one["JAX"], one["JAX scanned"]) / one["ours"] for one in grid.values())
    rows = [
        (f"{srn} against the textbook's loop", over("textbook", "ours, 32"), 115),
        (f"{srn} against JAX's bare loop", over("JAX, 32", "ours, 32"), 4.5),
        (f"{srn} against JAX's scanned epoch", over("JAX scanned, 32", "ours, 32"), 3.5),
        ("share of the machine's multiply-adds", share, 0.5),
        ("1 replica, against the textbook's loop", over("textbook", "ours, 1"), 50),
        ("1 replica, against JAX", over("JAX, 1", "ours, 1"), 4),
        ("1 replica, length 10, against JAX", over("JAX, 1, length 10", "ours, 1, length 10"), 5),
        ("the least lead on both JAX loops, any replicas and length", ahead, 1),
        ("LSTM, 32 replicas, against torch.nn.LSTM", over("torch LSTM", "ours LSTM, 32"), 20),
        ("GRU, 32 replicas, against torch.nn.GRU", over("torch GRU", "ours GRU, 32"), 100),
    ]
    judged = [(what, ratio, f">= {goal:g}", ratio >= goal) for what, ratio, goal in rows]
    limits = [("time over bare products by bmm", over("ours, 32", "floor, 32"), 1.05)]
    limits.append(("exponent of cost in length, 10 to 280", exponent, 1.05))
    limits += [
        (f"peak memory of {cell}, in trajectories", units, 3) for cell, units in peaks.items()
    ]
    limits += [(f"seconds until an answer: {what}", taken, 1.5) for what, taken in answers.items()]
    return judged + [(what, value, f"<= {most:g}", value <= most) for what, value, most in limits]


def drawn(grid: dict[str, dict[str, float]], textbook: float) -> Any:
    """Replica-steps per second against replicas, a panel for each length."""
    lengths = sorted({length for _, length in GRID})
    with styled():
        made = figure(10.0, 3.4)
        for axes, length in zip(made.subplots(1, len(lengths), sharey=True), lengths, strict=True):
            x = [replicas for replicas, n in GRID if n == length]
            for look, (key, name) in zip(LOOKS, NAMES.items(), strict=False):
                axes.plot(
                    x,
                    [1e6 / grid[f"{replicas} x {length}"][key] for replicas in x],
                    color=look.colour,
                    marker=look.marker,
                    linestyle=look.line,
                    markersize=4,
                    label=name,
                )
            if length == 35:
                axes.axhline(1e6 / textbook, color="0.5", linestyle=":", label="textbook's loop")
                handles, labels = axes.get_legend_handles_labels()
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.set_xticks(x, [str(value) for value in x])
            axes.set_title(f"length {length}", fontsize=9)
            axes.set_xlabel("replicas")
        made.axes[0].set_ylabel("replica-steps per second")
        made.legend(handles, labels, loc="outside upper center", ncols=4)
        made.supxlabel(f"median of rounds; {machine()}", fontsize=7)
    return made


NAMES = {"ours": "this lab, its whole loop", "JAX": "JAX, a call a step"}
NAMES["JAX scanned"] = "JAX, a call an epoch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    given = parser.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = contest(folder, given.rounds)
        grid = race(folder, given.rounds)
        lengths = {f"ours {n}": c.ours("srn_residual", n, 32, folder) for n in LENGTHS}
        lengths |= {f"textbook {n}": c.textbook(n) for n in (10, 35)}
        steps = {f"ours {n}": max(380, 38_000 // n) for n in LENGTHS}
        by_length = medians(lengths, steps, given.rounds)
        parts = breakdown.breakdown("srn_residual", 32, folder)
    peaks = {cell: memory.units(cell) for cell in ("srn", "srn_residual")}
    per_length = [by_length[f"ours {n}"] for n in LENGTHS]
    exponent = float(np.polyfit(np.log(LENGTHS), np.log(per_length), 1)[0])
    share = limit.of_a_step(35) / (times["ours, 32"] * 1e-6) / limit.multiply_adds()

    judged = goals(times, grid, share, exponent, peaks, startup.seconds())
    table = Table(title=f"Length 35, batch 8, hidden 32, Adam; {machine()}")
    for heading in ("ratio, or what is measured", "measured", "goal", "met"):
        table.add_column(heading)
    for what, ratio, goal, met in judged:
        table.add_row(what, f"{ratio:.2f}", goal, "yes" if met else "NO")
    console = Console(soft_wrap=True, width=120)
    console.print(table)
    for contender, time in times.items():
        console.print(f"{contender:>16}  {time:8.0f} us per replica-step")
    console.print(f"\nWhere a step of 32 residual SRNs goes:\n{breakdown.shown(parts)}")
    picture = drawn(grid, times["textbook"])
    path = save(picture, given.out / "throughput")
    written = {
        "machine": machine(),
        "versions": versions(),
        "microseconds_per_replica_step": times,
        "by_length": by_length,
        "grid": grid,
        "microseconds_of_a_step": parts,
        "goals": [dict(zip(("what", "ratio", "goal", "met"), row, strict=True)) for row in judged],
    }
    (given.out / "throughput.json").write_text(json.dumps(written, indent=2) + "\n")
    console.print(f"Figure   {path}\nNumbers  {given.out / 'throughput.json'}")


if __name__ == "__main__":
    main()
