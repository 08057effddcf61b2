"""Where a replica's weights stand in its flat row, and the room that a step works in.

Each tensor stands in the row from a multiple of eight on (`Layout`); a step works on padded copies
(`Work`), so that no product has edges.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from digitsum.kernels.compiling import inlined
from digitsum.kernels.lanes import LANES, load, store, turned
from digitsum.kernels.numerics import Array
from digitsum.kernels.product import ROWS, padded

# Tensors that every network has come first in its row; others follow.
TABLE, W, B, V, C = range(5)
CHUNK = 64  # rows of slopes that a product for dU takes at once, where the batch isn't larger
LINE = 64  # bytes of a cache line
NEVER = -1e30  # the logit of a class that isn't there


class Layout(NamedTuple):
    """Where things stand in a replica's row, the same for all replicas.

    Attributes:
        places: of each tensor its start, rows and columns [., 3].
        products: of each product its tensor, its block's first row and column, whether that is
            transposed, and whether an earlier product has the same tensor [P, 5].
        vectors: of what is used element by element its tensor and first column [., 2].
        trained: tensors that are trained [.].
        read: states that the readout reads [.].
        gates, states, terms, kept, operands, derived: counts; see `printed.Step`.
    """

    places: Array
    products: Array
    vectors: Array
    trained: Array
    read: Array
    gates: int
    states: int
    terms: int
    kept: int
    operands: int
    derived: int


class Work(NamedTuple):
    """What one thread works in; capital letters are weights, `d_` are gradients."""

    rows: Array  # digits [T, B]
    x: Array  # embedding [V, E]
    W: Array  # [E, gates x H]
    W_transposed: Array
    table: Array  # [V, gates x H]
    U: Array  # [P, H, H]
    U_transposed: Array
    vectors: Array  # [., H], weights and what is derived of them
    V: Array  # [reads, H, C]
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


def aligned(shape: tuple[int, ...], dtype: Any, value: float = 0.0) -> Array:
    """An array that begins where a line of the processor's cache does: lanes that lie across two
    lines take twice as long.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    made: Array = room[start : start + size].view(dtype).reshape(shape)
    if value:
        made[:] = value
    return made


def work_for(layout: Layout, dtype: np.dtype[Any], batch: int, length: int) -> Work:
    """Room for one batch of at most `batch` sequences; nothing is allocated after it."""
    _, vocabulary, size = layout.places[TABLE].tolist()
    reads = len(layout.read)
    hidden, classes = layout.places[V, 1] // reads, int(layout.places[V, 2])
    b, h, c = padded(batch, ROWS), padded(int(hidden), LANES), padded(classes, LANES)
    v, e, k = padded(vocabulary, ROWS), padded(size, LANES), layout.gates * h
    products, vectors = len(layout.products), len(layout.vectors) + layout.derived
    chunk = max(1, CHUNK // b)
    return Work(
        rows=aligned((length, b), np.int64),
        x=aligned((v, e), dtype),
        W=aligned((e, k), dtype),
        W_transposed=aligned((k, e), dtype),
        table=aligned((v, k), dtype),
        U=aligned((products, h, h), dtype),
        U_transposed=aligned((products, h, h), dtype),
        vectors=aligned((vectors, h), dtype),
        V=aligned((reads, h, c), dtype),
        V_transposed=aligned((reads, c, h), dtype),
        c=aligned((1, c), dtype, NEVER),
        states=aligned((layout.states, length + 1, b, h), dtype),
        kept=aligned((layout.kept, length, b, h), dtype),
        terms=aligned((layout.terms, b, h), dtype),
        logits=aligned((b, c), dtype),
        d_states=aligned((layout.states, b, h), dtype),
        d_operands=aligned((layout.operands, b, h), dtype),
        slopes=aligned((layout.terms, chunk * b, h), dtype),
        d_x=aligned((v, e), dtype),
        d_W=aligned((e, k), dtype),
        d_table=aligned((v, k), dtype),
        d_U=aligned((products, h, h), dtype),
        d_vectors=aligned((vectors, h), dtype),
        d_V=aligned((reads, h, c), dtype),
    )


@inlined
def spread(
    out: Any, row: Any, where: Any, top: int, rows: int, first: int, width: int, repeat: bool
) -> None:
    """A block of a tensor in a row -> a padded matrix.

    Where columns `repeat`, units that only fill up compute what the last does: no division by the
    zero of a unit that isn't there.
    """
    start, _, columns = where
    for i in range(rows):
        at = start + (top + i) * columns + first
        source, target = row[at : at + width], out[i]
        for j in range(width):
            target[j] = source[j]
        if repeat:
            repeat_last(target, width)


@inlined
def repeat_last(row: Any, width: int) -> None:
    """Fill a row up with the last of its first numbers."""
    for j in range(width, len(row)):
        row[j] = row[width - 1]


@inlined
def spread_transposed(out: Any, row: Any, where: Any, top: int, first: int, width: int) -> None:
    """The transpose of a square block of a tensor in a row -> a padded matrix, columns repeated."""
    start, _, columns = where
    for j in range(out.shape[1]):
        source = start + (top + min(j, width - 1)) * columns + first
        for i in range(width):
            out[i, j] = row[source + i]


@inlined
def turn(out: Any, m: Any) -> None:
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
def collect(row: Any, where: Any, top: int, rows: int, first: int, width: int, matrix: Any) -> None:
    """A padded matrix -> a block of a tensor in a row."""
    start, _, columns = where
    for i in range(rows):
        at = start + (top + i) * columns + first
        source, target = matrix[i], row[at : at + width]
        for j in range(width):
            target[j] = source[j]


@inlined
def add_block(
    row: Any, where: Any, top: int, first: int, width: int, matrix: Any, turned: bool, more: bool
) -> None:
    """The same of a square block, of the transpose where it is `turned`; or `more` of it."""
    start, _, columns = where
    for i in range(width):
        target = start + (top + i) * columns + first
        for j in range(width):
            value = matrix[j, i] if turned else matrix[i, j]
            row[target + j] = row[target + j] + value if more else value
