"""The gates of a trained LSTM or GRU while it reads one sequence, as the book draws them."""

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from digitsum.errors import UserError
from digitsum.figures.style import LOOKS, band, figure, styled
from digitsum.network.cells import GRU, LSTM
from digitsum.network.classifier import Classifier

SEQUENCE = (6, 7, 0, 0, 1, 0, 0, 0, 0, 0)  # the book's
_NAMES = {
    LSTM: {"i": "input gate", "f": "forget gate", "o": "output gate", "c": "cell state"},
    GRU: {"r": "reset gate", "z": "update gate", "n": "candidate", "h": "hidden state"},
}


@torch.no_grad()
def trace(classifier: Classifier, sequence: tuple[int, ...] = SEQUENCE) -> dict[str, Any]:
    """Gates and state of a gated cell, of the last of its layers, at each time: name -> [R, T, H].

    Raises:
        UserError: the cell has no gates.
    """
    cell, last = classifier.cell, classifier.cell.last_layer
    if not isinstance(last, LSTM | GRU):
        raise UserError(f"figures=gates: {type(last).__name__} has no gates; LSTM and GRU have")
    table = cell.project(classifier.embedding.table)
    state = cell.initial_state(len(table), 1)
    found: dict[str, list[torch.Tensor]] = {}
    for digit in sequence:
        a = table[:, digit : digit + 1]
        passed = list(cell.through(a, state))
        state = tuple(part for one in passed for part in one.after)
        _, a, before, after = passed[-1]
        gates = dict(zip(last.gates, last.activations(a, before[0]), strict=True))
        gates |= dict(zip(last.states, after, strict=True))
        for name, value in gates.items():
            found.setdefault(name, []).append(value[:, 0])
    return {name: torch.stack(values, 1).numpy() for name, values in found.items()}


def sequence_of(length: int) -> tuple[int, ...]:
    """The book's sequence, cut to a length or with zeros behind."""
    return (SEQUENCE + (0,) * length)[:length]


def gates(classifier: Classifier, sequence: tuple[int, ...] = SEQUENCE) -> Figure:
    """Above, replica 0 unit by unit; below, each replica's mean over units, with its interval."""
    traced = trace(classifier, sequence)
    last, layers = classifier.cell.last_layer, len(classifier.cell.layers_by_name())
    names = next(words for kind, words in _NAMES.items() if isinstance(last, kind))
    which = f", layer {layers} of {layers}," if layers > 1 else ""
    with styled():
        made = figure(11.0, 5.4)
        grid = made.subplots(2, len(names), height_ratios=(2.2, 1), squeeze=False)
        for column, (key, words) in enumerate(names.items()):
            values = traced[key]
            signed = key in ("c", "n", "h")
            bound = float(np.abs(values[0]).max()) if signed else 1.0
            axes = grid[0][column]
            axes.grid(visible=False)
            image = axes.imshow(
                values[0].T,
                aspect="auto",
                cmap="PuOr" if signed else "cividis",
                vmin=-bound if signed else 0,
                vmax=bound,
                interpolation="nearest",
            )
            made.colorbar(image, ax=axes, location="top", shrink=0.9)
            axes.set_xlabel("")
            axes.set_title(words, fontsize=9)
            below = grid[1][column]
            band(below, np.arange(len(sequence)), values.mean(2).T, LOOKS[0], words)
            for place in (axes, below):
                place.set_xticks(range(len(sequence)), [str(digit) for digit in sequence])
            below.set_xlabel("digit read")
        grid[0][0].set_ylabel("hidden unit (replica 0)")
        grid[1][0].set_ylabel("mean over units")
        made.suptitle(
            f"{type(last).__name__}{which} on {' '.join(map(str, sequence))}; below: mean and "
            f"95 % interval over {len(next(iter(traced.values())))} replica(s)",
            fontsize=9,
        )
    return made
