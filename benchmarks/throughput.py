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
import memory
import numpy as np
import startup
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from digitsum.figures.style import LOOKS, figure, save, styled
from digitsum.results import versions

HERE = Path(__file__).resolve().parent
LENGTHS = (10, 20, 35, 70, 140, 280)
REPLICAS = (1, 2, 4, 8, 16, 32, 64)


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
    """The main table: length 35."""
    timers: dict[str, c.Timer] = {
        "textbook": c.textbook(35),
        "torch RNN": c.torch_layer(nn.RNN, 35),
        "torch LSTM": c.torch_layer(nn.LSTM, 35),
        "torch GRU": c.torch_layer(nn.GRU, 35),
        "JAX, 32": c.jax_srn(35, 32),
        "floor, 32": c.floor(35, 32),
        "ours, 32": c.ours("srn_residual", 35, 32, folder),
        "ours, 1": c.ours("srn_residual", 35, 1, folder),
        "ours plain, 1": c.ours("srn", 35, 1, folder),
        "ours LSTM, 32": c.ours("lstm", 35, 32, folder),
        "ours GRU, 32": c.ours("gru", 35, 32, folder),
    }
    steps = {name: 380 for name in timers if name.startswith("ours")}
    return medians(timers, steps, rounds)


def goals(
    t: dict[str, float], exponent: float, peaks: dict[str, float], answers: dict[str, float]
) -> list[tuple[str, float, str, bool]]:
    """What is measured, its value, its goal, whether it is met."""
    over: Callable[[str, str], float] = lambda slow, fast: t[slow] / t[fast]  # noqa: E731
    rows = [
        (
            "residual SRN, 32 replicas, against the textbook's loop",
            over("textbook", "ours, 32"),
            60,
        ),
        ("residual SRN, 32 replicas, against JAX", over("JAX, 32", "ours, 32"), 2),
        ("residual SRN, 1 replica, against the textbook", over("textbook", "ours, 1"), 4),
        ("plain SRN, 1 replica, against torch.nn.RNN", over("torch RNN", "ours plain, 1"), 2.5),
        ("LSTM, 32 replicas, against torch.nn.LSTM", over("torch LSTM", "ours LSTM, 32"), 10),
        ("GRU, 32 replicas, against torch.nn.GRU", over("torch GRU", "ours GRU, 32"), 10),
    ]
    judged = [(what, ratio, f">= {goal:g}", ratio >= goal) for what, ratio, goal in rows]
    limits = [("time over its bare matrix products", over("ours, 32", "floor, 32"), 2.0)]
    limits.append(("exponent of cost in length, 10 to 280", exponent, 1.05))
    limits += [
        (f"peak memory of {cell}, in trajectories", units, 3) for cell, units in peaks.items()
    ]
    limits += [(f"seconds until an answer: {what}", taken, 1.5) for what, taken in answers.items()]
    return judged + [(what, value, f"<= {most:g}", value <= most) for what, value, most in limits]


def drawn(by_replicas: dict[str, list[float]], by_length: dict[str, list[float]]) -> Any:
    """Replica-steps per second against replicas, and against length: one line a contender."""
    with styled():
        made = figure(9.0, 4.0)
        left, right = made.subplots(1, 2, sharey=True)
        for axes, x, lines in ((left, REPLICAS, by_replicas), (right, LENGTHS, by_length)):
            for look, (name, times) in zip(LOOKS, lines.items(), strict=False):
                axes.plot(
                    x[: len(times)],
                    [1e6 / time for time in times],
                    color=look.colour,
                    marker=look.marker,
                    linestyle=look.line,
                    markersize=4,
                    label=name,
                )
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.set_xticks(x, [str(value) for value in x])
        left.set_xlabel("replicas, at length 35")
        right.set_xlabel("length, at 32 replicas")
        left.set_ylabel("replica-steps per second")
        handles, labels = left.get_legend_handles_labels()
        made.legend(handles, labels, loc="outside upper center", ncols=3)
        made.supxlabel(f"median of rounds; {machine()}", fontsize=7)
    return made


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
        lengths = {f"ours {n}": c.ours("srn_residual", n, 32, folder) for n in LENGTHS}
        lengths |= {f"jax {n}": c.jax_srn(n, 32) for n in LENGTHS}
        lengths |= {f"textbook {n}": c.textbook(n) for n in (10, 35)}
        by_length = medians(lengths, {}, given.rounds)
        counts = {f"ours {r}": c.ours("srn_residual", 35, r, folder) for r in REPLICAS}
        counts |= {f"jax {r}": c.jax_srn(35, r) for r in REPLICAS}
        by_replicas = medians(counts, {}, given.rounds)
        parts = breakdown.breakdown("srn_residual", 32, folder)
    peaks = {cell: memory.units(cell) for cell in ("srn", "srn_residual")}
    per_length = [by_length[f"ours {n}"] for n in LENGTHS]
    exponent = float(np.polyfit(np.log(LENGTHS), np.log(per_length), 1)[0])

    judged = goals(times, exponent, peaks, startup.seconds())
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
    jax_replicas = [by_replicas[f"jax {r}"] for r in REPLICAS]
    jax_lengths = [by_length[f"jax {n}"] for n in LENGTHS]
    picture = drawn(
        {
            "this lab": [by_replicas[f"ours {r}"] for r in REPLICAS],
            "JAX": jax_replicas,
            "textbook's loop": [times["textbook"]] * len(REPLICAS),
        },
        {"this lab": per_length, "JAX": jax_lengths},
    )
    path = save(picture, given.out / "throughput")
    written = {
        "machine": machine(),
        "versions": versions(),
        "microseconds_per_replica_step": times,
        "by_length": by_length,
        "by_replicas": by_replicas,
        "microseconds_of_a_step": parts,
        "goals": [dict(zip(("what", "ratio", "goal", "met"), row, strict=True)) for row in judged],
    }
    (given.out / "throughput.json").write_text(json.dumps(written, indent=2) + "\n")
    console.print(f"Figure   {path}\nNumbers  {given.out / 'throughput.json'}")


if __name__ == "__main__":
    main()
