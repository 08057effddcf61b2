"""One replica's network: through time, to its loss, and the way back to its gradients.

`cell` holds the addresses of its two ways through time (`steps`).

Padding of the batch repeats its last example, with no weight in the loss.
"""

import math
from typing import Any

from digitsum.kernels.compiling import inlined
from digitsum.kernels.lanes import LANES, element, filled, load, store
from digitsum.kernels.layout import (
    TABLE,
    B,
    C,
    V,
    W,
    add_block,
    collect,
    place,
    repeat_last,
    spread,
    spread_transposed,
    turn,
)
from digitsum.kernels.numerics import exp
from digitsum.kernels.product import add_product
from digitsum.kernels.steps import back, there


@inlined
def take_weights(layout: Any, row: Any, work: Any) -> None:
    """A replica's row -> padded copies, and the table x W + b of all digits."""
    places, h = layout.places, work.terms.shape[2]
    hidden, classes = places[V, 1] // len(layout.read), places[V, 2]
    start, vocabulary, size = place(layout, TABLE)
    for v in range(vocabulary):
        for e in range(size):
            work.x[v, e] = row[start + v * size + e]
    for gate in range(layout.gates):
        columns = slice(gate * h, gate * h + h)
        of_gate, rows = work.W[:, columns], places[W, 1]
        spread(of_gate, row, place(layout, W), 0, rows, gate * hidden, hidden, True)
        b = row[places[B, 0] + gate * hidden : places[B, 0] + (gate + 1) * hidden]
        for v in range(len(work.table)):
            target = work.table[v, gate * h : gate * h + h]
            for j in range(hidden):
                target[j] = b[j]
            repeat_last(target, hidden)
    add_product(work.table, work.x, work.W)
    for number in range(len(layout.products)):
        top, first = layout.products[number, 1], layout.products[number, 2]
        where = place(layout, layout.products[number, 0])
        if layout.products[number, 3] != 0:
            spread_transposed(work.U[number], row, where, top, first, hidden)
        else:
            spread(work.U[number], row, where, top, hidden, first, hidden, True)
        turn(work.U_transposed[number], work.U[number])
    for number in range(len(layout.vectors)):
        tensor, first = layout.vectors[number, 0], layout.vectors[number, 1]
        start, width = places[tensor, 0] + first, min(hidden, places[tensor, 2])
        source, target = row[start : start + width], work.vectors[number]
        for j in range(width):
            target[j] = source[j]
        repeat_last(target, width)  # one number may be for all
    for number in range(len(layout.read)):
        top = number * hidden
        spread(work.V[number], row, place(layout, V), top, hidden, 0, classes, False)
        turn(work.V_transposed[number], work.V[number])
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
def go_forward(cell: Any, layout: Any, work: Any) -> None:
    """The states at all times, and the logits."""
    w = work
    there(cell[0], w.rows, w.table, w.U, w.vectors, w.states, w.kept, w.terms)
    for b in range(len(w.logits)):
        for k in range(0, w.logits.shape[1], LANES):
            store(w.logits, b, k, load(w.c, 0, k))
    for number in range(len(layout.read)):
        add_product(w.logits, w.states[layout.read[number], len(w.rows)], w.V[number])


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
    for one in (w.d_table, w.d_W, w.d_vectors):
        one[:] = 0
    w.d_V[:] = 0
    w.d_states[:] = 0
    w.d_U[:] = 0
    for number in range(len(layout.read)):
        state = layout.read[number]
        add_product(w.d_states[state], w.logits, w.V_transposed[number])
        add_product(w.d_V[number], w.states[state, length].T, w.logits)
    back(
        cell[1], w.rows, w.table, w.U_transposed, w.vectors, w.states, w.kept, w.d_states,
        w.slopes, w.d_operands, w.d_table, w.d_vectors, w.d_U,
    )  # fmt: skip
    add_product(w.d_W, w.x.T, w.d_table)

    places, h = layout.places, w.terms.shape[2]
    hidden, classes = places[V, 1] // len(layout.read), places[V, 2]
    for gate in range(layout.gates):
        of_gate, rows = w.d_W[:, gate * h : gate * h + h], places[W, 1]
        collect(gradient, place(layout, W), 0, rows, gate * hidden, hidden, of_gate)
        b = places[B, 0] + gate * hidden
        for j in range(hidden):
            gradient[b + j] = 0
        for v in range(len(w.d_table)):
            for j in range(hidden):
                gradient[b + j] += w.d_table[v, gate * h + j]
    for number in range(len(layout.products)):
        top, first = layout.products[number, 1], layout.products[number, 2]
        where = place(layout, layout.products[number, 0])
        turned, more = layout.products[number, 3] != 0, layout.products[number, 4] != 0
        if turned or more:
            add_block(gradient, where, top, first, hidden, w.d_U[number], turned, more)
        else:
            collect(gradient, where, top, hidden, first, hidden, w.d_U[number])
    for number in range(len(layout.vectors)):
        tensor, first = layout.vectors[number, 0], layout.vectors[number, 1]
        start, width = places[tensor, 0] + first, min(hidden, places[tensor, 2])
        source, target = w.d_vectors[number], gradient[start : start + width]
        for j in range(width):
            target[j] = source[j]
        for j in range(width, hidden):
            target[width - 1] += source[j]
    for number in range(len(layout.read)):
        top = number * hidden
        collect(gradient, place(layout, V), top, hidden, 0, classes, w.d_V[number])
    for k in range(classes):
        gradient[places[C, 0] + k] = 0
    for b in range(batch):
        for k in range(classes):
            gradient[places[C, 0] + k] += w.logits[b, k]
    if layout.trained[0] == TABLE:
        w.d_x[:] = 0
        turn(w.W_transposed, w.W)
        add_product(w.d_x, w.d_table, w.W_transposed)
        collect(gradient, place(layout, TABLE), 0, places[TABLE, 1], 0, places[TABLE, 2], w.d_x)
