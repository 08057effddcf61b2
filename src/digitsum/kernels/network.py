"""One replica's network: through time, to its loss, and the way back to its gradients.

All of a replica's weights stand in one flat row, each tensor from a multiple of eight on
(`Layout`); a step works on padded copies of them (`Work`), so that no product has edges. Padding
of the batch repeats its last example, with no weight in the loss.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from digitsum.kernels.numerics import OPTIONS, Array, exp, inlined
from digitsum.kernels.product import ROWS, add_product, padded
from digitsum.kernels.simd import LANES, element, filled, load, store, turned
from digitsum.kernels.steps import backward, forward, gather

# Tensors that every network has come first in its row; others follow.
TABLE, W, B, V, C = range(5)
CHUNK = 64  # rows of slopes that a product for dU takes at once, where the batch isn't larger
NEVER = -1e30  # the logit of a class that isn't there


class Layout(NamedTuple):
    """Where things stand in a replica's row, the same for all replicas.

    Attributes:
        places: of each tensor its start, rows and columns [., 3].
        products: of each product its tensor and first column [P, 2].
        vectors: tensors that are used element by element [.].
        trained: tensors that are trained [.].
        gates, states, terms, kept, operands: counts; see `printed.Step`.
    """

    places: Array
    products: Array
    vectors: Array
    trained: Array
    gates: int
    states: int
    terms: int
    kept: int
    operands: int


class Work(NamedTuple):
    """What one thread works in; capital letters are weights, `d_` are gradients."""

    rows: Array  # digits [T, B]
    x: Array  # embedding [V, E]
    W: Array  # [E, gates x H]
    W_transposed: Array
    table: Array  # [V, gates x H]
    U: Array  # [P, H, H]
    U_transposed: Array
    vectors: Array  # [., H]
    V: Array  # [H, C]
    V_transposed: Array
    c: Array  # [1, C]
    states: Array  # [S, T + 1, B, H]
    kept: Array  # [., T, B, H]
    terms: Array  # [., B, H]
    logits: Array  # [B, C], then the gradient by them
    d_states: Array
    d_operands: Array
    slopes: Array  # [., chunk x B, H]
    d_x: Array
    d_W: Array
    d_table: Array
    d_U: Array
    d_vectors: Array
    d_V: Array


@inlined
def place(layout: Any, tensor: int) -> Any:
    """A tensor's start in the row, its rows and its columns."""
    return layout.places[tensor, 0], layout.places[tensor, 1], layout.places[tensor, 2]


@njit(**OPTIONS)
def work_for(layout: Any, weights: Any, batch: int, length: int) -> Any:
    """Room for one batch of at most `batch` sequences; nothing is allocated after it."""
    dtype = weights.dtype
    _, vocabulary, size = place(layout, TABLE)
    _, hidden, classes = place(layout, V)
    b, h, c = padded(batch, ROWS), padded(hidden, LANES), padded(classes, LANES)
    v, e, k = padded(vocabulary, ROWS), padded(size, LANES), layout.gates * h
    products, vectors = len(layout.products), len(layout.vectors)
    chunk = max(1, CHUNK // b)
    return Work(
        rows=np.zeros((length, b), np.int64),
        x=np.zeros((v, e), dtype),
        W=np.zeros((e, k), dtype),
        W_transposed=np.zeros((k, e), dtype),
        table=np.zeros((v, k), dtype),
        U=np.zeros((products, h, h), dtype),
        U_transposed=np.zeros((products, h, h), dtype),
        vectors=np.zeros((vectors, h), dtype),
        V=np.zeros((h, c), dtype),
        V_transposed=np.zeros((c, h), dtype),
        c=np.full((1, c), NEVER, dtype),
        states=np.zeros((layout.states, length + 1, b, h), dtype),
        kept=np.empty((layout.kept, length, b, h), dtype),
        terms=np.empty((layout.terms, b, h), dtype),
        logits=np.empty((b, c), dtype),
        d_states=np.empty((layout.states, b, h), dtype),
        d_operands=np.empty((layout.operands, b, h), dtype),
        slopes=np.empty((layout.terms, chunk * b, h), dtype),
        d_x=np.empty((v, e), dtype),
        d_W=np.empty((e, k), dtype),
        d_table=np.empty((v, k), dtype),
        d_U=np.empty((products, h, h), dtype),
        d_vectors=np.empty((vectors, h), dtype),
        d_V=np.empty((h, c), dtype),
    )


@inlined
def _spread(out: Any, row: Any, where: Any, first: int, width: int) -> None:
    """Columns of a tensor in a row -> a padded matrix."""
    start, rows, columns = where
    for i in range(rows):
        source = row[start + i * columns + first : start + i * columns + first + width]
        for j in range(width):
            out[i, j] = source[j]


@inlined
def _turn(out: Any, m: Any) -> None:
    """The transpose of a matrix whose rows are padded to eight as well."""
    for i in range(0, m.shape[0], LANES):
        for j in range(0, m.shape[1], LANES):
            upper = load(m, i, j), load(m, i + 1, j), load(m, i + 2, j), load(m, i + 3, j)
            lower = load(m, i + 4, j), load(m, i + 5, j), load(m, i + 6, j), load(m, i + 7, j)
            columns = turned(upper + lower)
            store(out, j, i, columns[0])
            store(out, j + 1, i, columns[1])
            store(out, j + 2, i, columns[2])
            store(out, j + 3, i, columns[3])
            store(out, j + 4, i, columns[4])
            store(out, j + 5, i, columns[5])
            store(out, j + 6, i, columns[6])
            store(out, j + 7, i, columns[7])


@inlined
def _collect(row: Any, where: Any, first: int, width: int, matrix: Any) -> None:
    """A padded matrix -> columns of a tensor in a row."""
    start, rows, columns = where
    for i in range(rows):
        target = row[start + i * columns + first : start + i * columns + first + width]
        for j in range(width):
            target[j] = matrix[i, j]


@inlined
def take_weights(layout: Any, row: Any, work: Any) -> None:
    """A replica's row -> padded copies, and the table x W + b of all digits."""
    places, h = layout.places, work.terms.shape[2]
    _, hidden, classes = place(layout, V)
    start, vocabulary, size = place(layout, TABLE)
    for v in range(vocabulary):
        for e in range(size):
            work.x[v, e] = row[start + v * size + e]
    for gate in range(layout.gates):
        columns = slice(gate * h, gate * h + h)
        _spread(work.W[:, columns], row, place(layout, W), gate * hidden, hidden)
        b = row[places[B, 0] + gate * hidden : places[B, 0] + (gate + 1) * hidden]
        for v in range(len(work.table)):
            for j in range(hidden):
                work.table[v, gate * h + j] = b[j]
    add_product(work.table, work.x, work.W)
    for number in range(len(layout.products)):
        tensor, first = layout.products[number, 0], layout.products[number, 1]
        _spread(work.U[number], row, place(layout, tensor), first, hidden)
        _turn(work.U_transposed[number], work.U[number])
    for number in range(len(layout.vectors)):
        start = places[layout.vectors[number], 0]
        for j in range(hidden):
            work.vectors[number, j] = row[start + j]
    _spread(work.V, row, place(layout, V), 0, classes)
    _turn(work.V_transposed, work.V)
    for k in range(classes):
        work.c[0, k] = row[places[C, 0] + k]


@inlined
def take_digits(digits: Any, order: Any, first: int, count: int, work: Any) -> None:
    """Examples order[first : first + count] of digits [N, T], repeating the last as padding."""
    length, batch = work.rows.shape
    for b in range(batch):
        example = digits[order[first + min(b, count - 1)]]
        for t in range(length):
            work.rows[t, b] = example[t]


@inlined
def go_forward(cell: Any, work: Any) -> None:
    """The states at all times, and the logits."""
    w = work
    for t in range(len(w.rows)):
        forward(cell, t, w.rows[t], w.table, w.U, w.vectors, w.states, w.kept, w.terms)
    for b in range(len(w.logits)):
        for k in range(0, w.logits.shape[1], LANES):
            store(w.logits, b, k, load(w.c, 0, k))
    add_product(w.logits, w.states[0, len(w.rows)], w.V)


@inlined
def cross_entropy(work: Any, labels: Any, order: Any, first: int, count: int, weight: Any) -> Any:
    """Losses of `count` examples summed with a weight, and how many were right.

    Logits become their own gradient: softmax less the label's one, times the weight.
    """
    z = work.logits
    loss, right = z.dtype.type(0), 0
    for b in range(len(z)):
        share = weight if b < count else z.dtype.type(0)
        label = labels[order[first + min(b, count - 1)]]
        answer = 0
        for k in range(z.shape[1]):
            if z[b, k] > z[b, answer]:
                answer = k
        highest, own = z[b, answer], z[b, label]
        sums = filled(load(z, b, 0), 0.0)
        for k in range(0, z.shape[1], LANES):
            each = exp(load(z, b, k) - highest)
            store(z, b, k, each)
            sums = sums + each
        total = z.dtype.type(0)
        for i in range(LANES):
            total += element(sums, i)
        if b < count:
            loss += weight * (math.log(total) + highest - own)
            right += answer == label
        for k in range(0, z.shape[1], LANES):
            store(z, b, k, load(z, b, k) * (share / total))
        z[b, label] -= share
    return loss, right


@inlined
def go_backward(cell: Any, layout: Any, work: Any, gradient: Any) -> None:
    """From the gradient by the logits to a replica's row of gradients."""
    w = work
    length, batch = w.rows.shape
    chunk = w.slopes.shape[1] // batch
    for one in (w.d_table, w.d_W, w.d_V, w.d_vectors):
        one[:] = 0
    w.d_states[:] = 0
    w.d_U[:] = 0
    add_product(w.d_states[0], w.logits, w.V_transposed)
    add_product(w.d_V, w.states[0, length].T, w.logits)
    for t in range(length - 1, -1, -1):
        at = t % chunk * batch
        backward(
            cell, t, at, w.rows[t], w.U_transposed, w.vectors, w.states, w.kept, w.d_states,
            w.slopes, w.d_operands, w.d_table, w.d_vectors,
        )  # fmt: skip
        if at == 0:
            gather(cell, t, min(t + chunk, length), w.states, w.kept, w.slopes, w.d_U)
    add_product(w.d_W, w.x.T, w.d_table)

    places, h = layout.places, w.terms.shape[2]
    _, hidden, classes = place(layout, V)
    for gate in range(layout.gates):
        columns = slice(gate * h, gate * h + h)
        _collect(gradient, place(layout, W), gate * hidden, hidden, w.d_W[:, columns])
        b = places[B, 0] + gate * hidden
        for j in range(hidden):
            gradient[b + j] = 0
        for v in range(len(w.d_table)):
            for j in range(hidden):
                gradient[b + j] += w.d_table[v, gate * h + j]
    for number in range(len(layout.products)):
        tensor, first = layout.products[number, 0], layout.products[number, 1]
        _collect(gradient, place(layout, tensor), first, hidden, w.d_U[number])
    for number in range(len(layout.vectors)):
        start = places[layout.vectors[number], 0]
        for j in range(hidden):
            gradient[start + j] = w.d_vectors[number, j]
    _collect(gradient, place(layout, V), 0, classes, w.d_V)
    for k in range(classes):
        gradient[places[C, 0] + k] = 0
    for b in range(batch):
        for k in range(classes):
            gradient[places[C, 0] + k] += w.logits[b, k]
    if layout.trained[0] == TABLE:
        w.d_x[:] = 0
        _turn(w.W_transposed, w.W)
        add_product(w.d_x, w.d_table, w.W_transposed)
        _collect(gradient, place(layout, TABLE), 0, places[TABLE, 2], w.d_x)
