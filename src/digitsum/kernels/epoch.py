"""Replicas through many steps, one after another: learning, or only answering."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import njit

from digitsum.kernels.compiling import CALLED, inlined
from digitsum.kernels.copies import alone
from digitsum.kernels.layout import Layout, work_for
from digitsum.kernels.network import (
    cross_entropy,
    go_backward,
    go_forward,
    take_digits,
    take_weights,
)
from digitsum.kernels.numerics import Array
from digitsum.kernels.subnormal import flush, restore
from digitsum.kernels.update import ANSWER, NOTHING, UNCLIPPED, clip, measure, update


class Examples(NamedTuple):
    """Sequences and in which order they are read.

    Attributes:
        digits: [R, N, T].
        labels: [R, N].
        order: which example comes when, in each of Q passes [R, Q, N]; replicas or passes that
            all have the same may share one (R = 1, Q = 1).
        batch: examples a step.
        steps: a pass; the last may have fewer examples.
    """

    digits: Array
    labels: Array
    order: Array
    batch: int
    steps: int


class Rows(NamedTuple):
    """A row for each replica [R, P]: weights, the optimizer's two moments, and the best weights,
    to which replicas that have diverged (`frozen` [R]) return after every step.
    """

    weights: Array
    first: Array
    second: Array
    best: Array
    frozen: Array


class Records(NamedTuple):
    """What is written down: of each step its losses and right answers [S, R]; where there is room,
    norms before and after clipping of parts of the gradient and of all of it
    [S, R, 2, parts + 1], and what the readout reads of all examples at all times
    [R, T, N, reads, H].
    """

    losses: Array
    right: Array
    parts: Array
    norms: Array
    states: Array


def records_for(
    steps: int,
    replicas: int,
    dtype: np.dtype[Any],
    parts: Array | None = None,
    states: Array | None = None,
) -> Records:
    """Room for what `steps` steps write down, with norms where `parts` are given."""
    measured = 0 if parts is None else steps
    parts = np.zeros((0, 3), np.int64) if parts is None else parts
    return Records(
        np.zeros((steps, replicas), dtype),
        np.zeros((steps, replicas), np.int64),
        parts,
        np.zeros((measured, replicas, 2, len(parts) + 1), dtype),
        np.zeros((0, 0, 0, 0, 0), dtype) if states is None else states,
    )


@inlined
def _go_one(
    cell: Any, layout: Any, rule: Any, examples: Any, rows: Any, records: Any, r: int, begin: int,
    before: float, work: Any, gradient: Any,
) -> None:  # fmt: skip
    own = examples.order[r % len(examples.order)]
    digits, labels = examples.digits[r], examples.labels[r]
    weights, one = rows.weights[r : r + 1], rows.weights.dtype.type(1)
    first, second = rows.first[r : r + 1], rows.second[r : r + 1]
    for s in range(len(records.losses)):
        order = own[min((begin + s) // examples.steps, len(own) - 1)]
        at = (begin + s) % examples.steps * examples.batch
        count = min(examples.batch, len(order) - at)
        weight = one / count if rule.mean else one
        if s == 0 or rule.optimizer != NOTHING:
            take_weights(layout, weights[0], work)
        take_digits(digits, order, at, count, work)
        go_forward(cell, layout, work)
        loss, right = cross_entropy(work, labels, order, at, count, weight)
        records.losses[s, r], records.right[s, r] = loss, right
        if len(records.states):
            for number in range(len(layout.read)):
                states = work.states[layout.read[number]]
                _write_states(records.states[r], at, count, number, states)
        if rule.optimizer == NOTHING:
            continue
        go_backward(cell, layout, work, gradient[0])
        if len(records.norms):
            measure(layout, records.parts, gradient, records.norms[s, r, 0])
        if rule.clipping != UNCLIPPED:
            clip(layout, rule, gradient)
        if len(records.norms):
            measure(layout, records.parts, gradient, records.norms[s, r, 1])
        update(layout, rule, before + s + 1, weights, gradient, first, second)
        if rows.frozen[r]:
            for i in range(weights.shape[1]):
                weights[0, i] = rows.best[r, i]


@inlined
def _write_states(out: Any, at: int, count: int, number: int, states: Any) -> None:
    hidden = out.shape[3]
    for t in range(out.shape[0]):
        for b in range(count):
            for j in range(hidden):
                out[t, at + b, number, j] = states[t + 1, b, j]


def _go(
    cell: Any, layout: Any, rule: Any, examples: Any, rows: Any, records: Any, work: Any,
    gradient: Any, begin: int, before: float, first: int, last: int,
) -> None:  # fmt: skip
    """As many steps as `records` has room for, in place, for the replicas `first` to `last`.

    Args:
        cell: where its machine code lies, see `steps.addresses`.
        work, gradient: the room that one thread works in, `layout.work_for`, and a row [1, P].
        begin: the first step's number within the passes that `examples.order` holds.
        before: steps that the optimizer has taken already.
    """
    was = flush()
    for r in range(first, last):
        _go_one(cell, layout, rule, examples, rows, records, r, begin, before, work, gradient)
    restore(was)


@cache
def ready(dtype: np.dtype[Any]) -> Any:
    """`_go` for a kind of number, the same for every cell: compiled, or loaded from its copy.

    It is called once, for no replica of a network without weights, which makes it so.
    """
    with alone(f"epoch.{dtype}", "what all cells share, part 2 of 2") as folder:
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        go = njit(nogil=True, cache=True, **CALLED)(_go)
        whole: Callable[..., Array] = lambda *shape: np.zeros(shape, np.int64)  # noqa: E731
        layout = Layout(whole(5, 3), whole(0, 5), whole(0, 2), whole(0), whole(1), *[0] * 6)
        examples = Examples(np.zeros((0, 0, 1), np.uint8), whole(0, 0), whole(1, 1, 0), 1, 1)
        row = np.zeros((0, 0), dtype)
        rows = Rows(row, row, row, row, np.zeros(0, np.bool_))
        records = records_for(0, 0, dtype)
        work = work_for(layout, dtype, 1, 1)
        go((0, 0), layout, ANSWER, examples, rows, records, work, row, 0, 0.0, 0, 0)
    return go
