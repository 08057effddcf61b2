"""Two steps written out by hand, to hold those that are derived against: sLSTM and LRU.

What somebody would write who knows the equation: of the sLSTM that nothing depends on its
stabiliser, so that no gradient goes by it; of the LRU that its input can be scaled once a digit.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from digitsum.kernels import steps
from digitsum.kernels.printed import printed
from digitsum.kernels.steps import CellStep
from digitsum.kernels.symbols import Cell, trace

SLSTM = '''"""sLSTM by hand."""

from digitsum.kernels.elementary import exponential, maximum, softplus
from digitsum.kernels.lanes import LANES, filled, load, store
from digitsum.kernels.lookup import add_to_rows, look_up
from digitsum.kernels.numerics import sigmoid, tanh
from digitsum.kernels.product import add_product


def there(rows, table, U, vectors, states, kept, terms):
    B, H = terms.shape[1], terms.shape[2]
    for t in range(len(rows)):
        h, c, n, m = states[0, t], states[1, t], states[2, t], states[3, t]
        for g in range(4):
            look_up(terms[g], table, g * H, rows[t])
            add_product(terms[g], h, U[g])
        I, F, Z, O = terms[0], terms[1], terms[2], terms[3]
        for b in range(B):
            for j in range(0, H, LANES):
                raw_i, raw_f = load(I, b, j), load(F, b, j)
                s = load(m, b, j) - softplus(-raw_f)
                top = maximum(s, raw_i)
                i, f = exponential(raw_i - top), exponential(s - top)
                z, o = tanh(load(Z, b, j)), sigmoid(load(O, b, j))
                cell, norm = f * load(c, b, j) + i * z, f * load(n, b, j) + i
                over = 1.0 / norm
                y = cell * over
                store(kept[0, t], b, j, i)
                store(kept[1, t], b, j, f)
                store(kept[2, t], b, j, z)
                store(kept[3, t], b, j, o)
                store(kept[4, t], b, j, y)
                store(kept[5, t], b, j, over)
                store(kept[6, t], b, j, sigmoid(-raw_f))
                store(states[0, t + 1], b, j, o * y)
                store(states[1, t + 1], b, j, cell)
                store(states[2, t + 1], b, j, norm)
                store(states[3, t + 1], b, j, top)


def back(
    rows, table, U_transposed, vectors, states, kept, d_states, slopes, d_operands, d_table,
    d_vectors, dU
):
    length, B = rows.shape
    H = states.shape[3]
    chunk = slopes.shape[1] // B
    dh, dc, dn = d_states[0], d_states[1], d_states[2]
    for t in range(length - 1, -1, -1):
        at = t % chunk * B
        dI, dF = slopes[0, at : at + B], slopes[1, at : at + B]
        dZ, dO = slopes[2, at : at + B], slopes[3, at : at + B]
        c, n = states[1, t], states[2, t]
        for b in range(B):
            for j in range(0, H, LANES):
                i, f = load(kept[0, t], b, j), load(kept[1, t], b, j)
                z, o = load(kept[2, t], b, j), load(kept[3, t], b, j)
                y, over = load(kept[4, t], b, j), load(kept[5, t], b, j)
                d = load(dh, b, j)
                dy = d * o * over
                d_cell, d_norm = load(dc, b, j) + dy, load(dn, b, j) - dy * y
                store(dO, b, j, d * y * (o - o * o))
                store(dZ, b, j, d_cell * i * (1.0 - z * z))
                store(dI, b, j, i * (d_cell * z + d_norm))
                forgot = d_cell * load(c, b, j) + d_norm * load(n, b, j)
                store(dF, b, j, f * forgot * load(kept[6, t], b, j))
                store(dh, b, j, filled(d, 0))
                store(dc, b, j, d_cell * f)
                store(dn, b, j, d_norm * f)
        for g in range(4):
            slope = slopes[g, at : at + B]
            add_product(dh, slope, U_transposed[g])
            add_to_rows(d_table, g * H, rows[t], slope)
        if at == 0:
            last = min(t + chunk, length)
            flat = states[0, t:last].reshape((last - t) * B, H)
            for g in range(4):
                add_product(dU[g], flat.T, slopes[g, : (last - t) * B])
'''

LRU = '''"""LRU by hand."""

from digitsum.kernels.elementary import cosine, exponential, sine
from digitsum.kernels.lanes import LANES, load, store


def there(rows, table, U, vectors, states, kept, terms):
    B, H = states.shape[2], states.shape[3]
    for j in range(0, H, LANES):
        size = exponential(-exponential(load(vectors, 0, j)))
        angle = exponential(load(vectors, 1, j))
        store(vectors, 3, j, size * cosine(angle))
        store(vectors, 4, j, size * sine(angle))
        store(vectors, 5, j, exponential(load(vectors, 2, j)))
    for t in range(len(rows)):
        x, y, u, v = states[0, t], states[1, t], states[0, t + 1], states[1, t + 1]
        for b in range(B):
            row = rows[t, b]
            for j in range(0, H, LANES):
                p, q, s = load(vectors, 3, j), load(vectors, 4, j), load(vectors, 5, j)
                re, im = load(x, b, j), load(y, b, j)
                store(u, b, j, p * re - q * im + s * load(table, row, j))
                store(v, b, j, q * re + p * im + s * load(table, row, H + j))


def back(
    rows, table, U_transposed, vectors, states, kept, d_states, slopes, d_operands, d_table,
    d_vectors, dU
):
    length, B = rows.shape
    H = states.shape[3]
    dx, dy = d_states[0], d_states[1]
    for t in range(length - 1, -1, -1):
        x, y = states[0, t], states[1, t]
        for b in range(B):
            row = rows[t, b]
            for j in range(0, H, LANES):
                p, q = load(vectors, 3, j), load(vectors, 4, j)
                du, dv = load(dx, b, j), load(dy, b, j)
                re, im = load(x, b, j), load(y, b, j)
                store(dx, b, j, p * du + q * dv)
                store(dy, b, j, p * dv - q * du)
                store(d_table, row, j, load(d_table, row, j) + du)
                store(d_table, row, H + j, load(d_table, row, H + j) + dv)
                store(d_vectors, 3, j, load(d_vectors, 3, j) + (du * re + dv * im))
                store(d_vectors, 4, j, load(d_vectors, 4, j) + (dv * re - du * im))
    # The input is scaled once for each digit, and so is its gradient.
    for j in range(0, H, LANES):
        total, s = load(d_vectors, 2, j), load(vectors, 5, j)
        for v in range(len(table)):
            d, e = load(d_table, v, j), load(d_table, v, H + j)
            total = total + (d * load(table, v, j) + e * load(table, v, H + j))
            store(d_table, v, j, d * s)
            store(d_table, v, H + j, e * s)
        store(d_vectors, 2, j, total * s)
        inner, angle = exponential(load(vectors, 0, j)), exponential(load(vectors, 1, j))
        p, q = load(vectors, 3, j), load(vectors, 4, j)
        dp, dq = load(d_vectors, 3, j), load(d_vectors, 4, j)
        store(d_vectors, 0, j, load(d_vectors, 0, j) - inner * (dp * p + dq * q))
        store(d_vectors, 1, j, load(d_vectors, 1, j) + angle * (dq * p - dp * q))
'''
WRITTEN: dict[str, tuple[str, int, int]] = {"SLSTM": (SLSTM, 4, 7), "LRU": (LRU, 0, 0)}


def step_of(cell: Cell) -> CellStep:
    """As `steps.step_of`, of the text above."""
    text, terms, kept = WRITTEN[type(cell).__name__]
    name = f"{type(cell).__name__}_by_hand_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if name not in steps._modules:
        steps._load(name, text)
    derived = printed(trace(cell))
    return CellStep(name, replace(derived, source=text, terms=terms, kept=kept))


@contextmanager
def instead() -> Iterator[None]:
    """Networks that are made meanwhile take the steps of this file."""
    with mock.patch("digitsum.training.ways.rows.step_of", step_of):
        yield
