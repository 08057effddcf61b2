"""What happens to a replica's row of gradients: norms, clipping, and the optimizer's step.

The optimizers are torch's, with its arithmetic; `torch.optim` and `digitsum.training.clipping` are
what they must equal. All loops take eight elements at a time; between tensors a row holds zeros.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from digitsum.kernels.compiling import inlined
from digitsum.kernels.lanes import LANES, element, filled, load, store
from digitsum.kernels.layout import place
from digitsum.kernels.product import padded
from digitsum.kernels.simd import clamp, root

NOTHING, SGD, ADAM, ADAMW, RMSPROP = range(5)  # of which the first doesn't learn
UNCLIPPED, BY_NORM, BY_TENSOR, BY_VALUE = range(4)


class Rule(NamedTuple):
    """How gradients become steps.

    Attributes:
        optimizer, clipping: which of the above.
        first: beta_1 of Adam, the momentum of SGD, alpha of RMSprop.
        second: beta_2 of Adam.
        max_norm: of clipping, or the largest element.
        mean: whether a batch's loss is the mean of its examples', not the sum.
    """

    optimizer: int
    lr: float
    weight_decay: float
    first: float
    second: float
    eps: float
    clipping: int
    max_norm: float
    mean: bool


ANSWER = Rule(NOTHING, 0.0, 0.0, 0.0, 0.0, 0.0, UNCLIPPED, 0.0, False)


@inlined
def _squares(row: Any, start: int, stop: int) -> Any:
    """The sum of squares of row[0, start:stop]."""
    sums = filled(load(row, 0, start), 0.0)
    for i in range(start, stop, LANES):
        each = load(row, 0, i)
        sums = sums + each * each
    total = row.dtype.type(0)
    for i in range(LANES):
        total += element(sums, i)
    return total


@inlined
def _shrink(row: Any, start: int, stop: int, factor: Any) -> None:
    for i in range(start, stop, LANES):
        store(row, 0, i, load(row, 0, i) * factor)


@inlined
def _factor(square: Any, max_norm: float) -> Any:
    return min(max_norm / (math.sqrt(square) + 1e-6), 1.0)


@inlined
def clip(layout: Any, rule: Any, row: Any) -> None:
    """Bound a replica's gradients [1, P] in place."""
    total = row.dtype.type(0)
    for tensor in layout.trained:
        start, rows, columns = place(layout, tensor)
        stop = start + rows * columns
        if rule.clipping == BY_VALUE:
            for i in range(start, stop, LANES):
                store(row, 0, i, clamp(load(row, 0, i), -rule.max_norm, rule.max_norm))
        else:
            square = _squares(row, start, stop)
            total += square
            if rule.clipping == BY_TENSOR:
                _shrink(row, start, stop, _factor(square, rule.max_norm))
    if rule.clipping == BY_NORM:
        factor = _factor(total, rule.max_norm)
        for tensor in layout.trained:
            start, rows, columns = place(layout, tensor)
            _shrink(row, start, start + rows * columns, factor)


@inlined
def measure(layout: Any, parts: Any, row: Any, norms: Any) -> None:
    """Norms of parts of tensors, then over all that is trained: [parts + 1].

    Args:
        parts: of each its tensor, first column and width [., 3].
    """
    for number in range(len(parts)):
        tensor, first, width = parts[number, 0], parts[number, 1], parts[number, 2]
        start, rows, columns = place(layout, tensor)
        square = row.dtype.type(0)
        for i in range(rows):
            for j in range(start + i * columns + first, start + i * columns + first + width):
                square += row[0, j] * row[0, j]
        norms[number] = math.sqrt(square)
    total = row.dtype.type(0)
    for tensor in layout.trained:
        start, rows, columns = place(layout, tensor)
        total += _squares(row, start, start + rows * columns)
    norms[len(parts)] = math.sqrt(total)


@inlined
def update(layout: Any, rule: Any, step: float, w: Any, g: Any, m: Any, v: Any) -> None:
    """Optimizer step number `step` (from 1) on weights [1, P], by gradients and two moments."""
    shrink = 1 - rule.lr * rule.weight_decay
    slow = 1 - rule.first
    rate = rule.lr / (1 - rule.first**step)
    narrow = 1 / math.sqrt(1 - rule.second**step)
    for tensor in layout.trained:
        start, rows, columns = place(layout, tensor)
        for i in range(start, start + rows * columns, LANES):
            weight, d = load(w, 0, i), load(g, 0, i)
            if rule.optimizer == ADAMW:
                weight = weight * shrink
            elif rule.weight_decay != 0:
                d = d + weight * rule.weight_decay
            if rule.optimizer == SGD:
                if rule.first != 0:
                    d = load(m, 0, i) * rule.first + d
                    store(m, 0, i, d)
                weight = weight - d * rule.lr
            elif rule.optimizer == RMSPROP:
                square = load(v, 0, i) * rule.first + d * d * slow
                store(v, 0, i, square)
                weight = weight - d / (root(square) + rule.eps) * rule.lr
            else:
                mean = load(m, 0, i)
                mean = mean + (d - mean) * slow
                square = load(v, 0, i) * rule.second + d * d * (1 - rule.second)
                store(m, 0, i, mean)
                store(v, 0, i, square)
                weight = weight - mean / (root(square) * narrow + rule.eps) * rate
            store(w, 0, i, weight)


def row_of(sizes: list[int]) -> tuple[list[int], int]:
    """Where tensors of these sizes start in a row, and its length: each from a multiple of 8 on."""
    ends = np.cumsum([0] + [padded(size, LANES) for size in sizes])
    return [int(one) for one in ends[:-1]], int(ends[-1])
