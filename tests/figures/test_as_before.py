"""All that a run's figures draw of chosen numbers, line by line and point by point.

That they draw what the results hold is asked in `test_read_back.py`; here nothing may change
unnoticed. What changes on purpose is written anew by `python -m tests.figures.test_as_before`, and
read in the difference.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from digitsum.figures.confusion import confusion
from digitsum.figures.curves import curves
from digitsum.figures.flow import flow
from digitsum.figures.gates import gates, sequence_of
from digitsum.figures.gradient_norms import gradient_norms
from digitsum.figures.memory import memory
from digitsum.figures.over_steps import over_steps
from digitsum.figures.reading import reading
from digitsum.figures.spans import Row, spans_figure
from digitsum.network.cells import GRU, LSTM, Cell
from digitsum.task.question import PAIR, Question

from ..drawn import hold, on_figure, renew
from ..invented import WOBBLE
from ..networks import classifier

HERE = Path(__file__).parent / "as_before"
Array = np.ndarray[Any, Any]


def answers(classes: int) -> Array:
    """Of two replicas: most are right, some one too high; a label that one lacks, one that both."""
    counts = np.zeros((2, classes, classes), int)
    each = np.arange(classes - 1)
    counts[:, each, each] = 6
    counts[0, each, each + 1] = 2 + each % 3
    counts[1, 3] = counts[:, 5] = 0
    return counts


def confusions() -> list[Figure]:
    three = Question("label", 3, 3, 1, 0.4)
    return [
        confusion(answers(19), "SRN, length 10"),
        confusion(answers(100), "pairs", PAIR),
        confusion(answers(30)[:1], "own", Question("label", 3, 30, 1, 0.4)),
        confusion(answers(31), "own", Question("label", 3, 31, 1, 0.4)),
        confusion(np.array([[[19, 1, 0], [1, 1, 18], [0, 9, 11]]]), "few", three),
    ]


def of_a_run(replicas: int) -> dict[str, Array]:
    step = 100 * np.arange(1, 6)
    made = {"step": step}
    for number, name in enumerate(("train_loss", "dev_loss", "train_accuracy", "dev_accuracy"), 1):
        made[name] = np.linspace(0.9, 0.5, 5)[:, None] / number + WOBBLE[:replicas]
    return made


def flows() -> list[Figure]:
    norms = (
        10.0 ** np.linspace(-9, 0, 6) * np.array([1, 3, 10])[:, None, None] * (1 + WOBBLE[:, None])
    )
    norms[1, :4, 0], norms[1, 4:, 0] = 0, np.nan  # nobody has any left
    norms[2, 0, 1] = -1
    horizon = np.array([[5.0], [3.0], [4.0]]) + WOBBLE
    wide = 10.0 ** np.linspace(-30, 0, 4)[None, None] * np.ones((1, 2, 1))
    return [
        flow(np.array([1, 101, 201]), norms, horizon),
        flow(np.array([7]), wide, np.full((1, 2), 2.0)),
    ]


def norms(looks: int) -> dict[str, Array]:
    step = np.arange(1, looks + 1)
    size = np.exp(step / looks)[:, None, None] * np.array([1, 5, 30, 0])[:, None] * (1 + WOBBLE)
    size[-1, 1, 0] = np.inf
    names = np.array(["U_i", "U_f", "W", "b"])
    return {"step": step, "names": names, "before": size, "after": np.minimum(size, 20)}


def rows() -> list[Row]:
    lengths = np.array([5, 10, 20, 28, 40, 57, 80, 160, 320])
    accuracy = [fall + WOBBLE[: 4 + n % 5] for n, fall in enumerate(np.linspace(0.95, 0.3, 9))]
    beyond = (np.inf, np.inf, np.inf)
    return [
        Row("a", "> 320", beyond, None, lengths, accuracy),
        Row("b", "300 [200, > 320]", (200, 300, np.inf), 0.75, lengths, accuracy, (20, 25, 30)),
        Row("c", "60 [50, 70]", (50, 60, 70), 1.0, lengths[:4], accuracy[:4]),
        Row("d", "8 [none, 9]", (0, 8, 9), 0.5, lengths[1:3], accuracy[1:3], (0, 0, 0)),
        Row("e", "none", (0, 0, 0), None, lengths[:1], accuracy[-1:]),
    ]


def read(replicas: int) -> Figure:
    states = np.linspace(-0.25, 0.5, 12).reshape(4, 3) * (1 if replicas > 1 else -1)
    likely = np.linspace(0.1, 0.9, 4)[:, None] + WOBBLE[:replicas]
    return reading(states, likely, (6, 7, 0, 1), "13")


def of_gates(kind: type[Cell]) -> Figure:
    """Units whose gates differ, of a network whose numbers are chosen."""
    network = classifier(kind, 2, hidden=2)
    for number, parameter in enumerate(network.parameters()):
        values = np.cos(np.arange(parameter.numel()) + number).reshape(parameter.shape)
        parameter.data.copy_(parameter.data.new_tensor(values))
    return gates(network, sequence_of(12))


def many(looks: int) -> dict[str, Array]:
    rise = np.linspace(0, 1, looks)[:, None]
    return {"radius": rise + WOBBLE, "flow": 2 * rise - WOBBLE}


FIGURES: dict[str, Callable[[], list[Figure]]] = {
    "confusion": confusions,
    "curves": lambda: [
        curves(of_a_run(8), "SRN", 0.25),
        curves(of_a_run(2), "LSTM"),
        curves(of_a_run(1), "GRU"),
    ],
    "flow": flows,
    "gates": lambda: [of_gates(LSTM), of_gates(GRU)],
    "gradient_norms": lambda: [
        gradient_norms(norms(5), None),
        gradient_norms(norms(5), 20.0),
        gradient_norms(norms(1001), 2.5),
    ],
    "memory": lambda: [
        memory(np.linspace(0.1, 0.9, 40).reshape(2, 4, 5), ["first", "second"]),
        memory(np.linspace(0.1, 0.9, 41)[None, None], ["pair"], None),
    ],
    "over_steps": lambda: [
        over_steps(np.arange(3), many(3), "measure"),
        over_steps(np.arange(900), many(900), "measure", 0.5),
    ],
    "reading": lambda: [read(8), read(1)],
    "spans": lambda: [spans_figure(rows()), spans_figure(rows()[2:3]), spans_figure(rows()[3:4])],
}


def lines_of(name: str) -> list[str]:
    found = []
    for number, made in enumerate(FIGURES[name](), 1):
        width, height = made.get_size_inches()
        found += [f"figure {number}: {width:.1f} x {height:.1f}", *on_figure(made)]
    return [part.rstrip() for line in found for part in line.splitlines()]


@pytest.mark.parametrize("name", FIGURES)
def test_it_is_as_before(name: str) -> None:
    hold(HERE / f"{name}.txt", lines_of(name))


if __name__ == "__main__":
    for each in FIGURES:
        renew(HERE / f"{each}.txt", lines_of(each))
