"""A matrix product for the small matrices of a step; BLAS needs longer to start than it takes.

All matrices here are padded: rows to a multiple of 4 (`ROWS`), columns to one of 8 (`LANES`). So
there are no edges, and an element's sum runs in the same order wherever it stands.
"""

from typing import Any

from numba.extending import register_jitable

from digitsum.kernels.compiling import forced, inlined
from digitsum.kernels.lanes import LANES, load, store
from digitsum.kernels.simd import MANY_REGISTERS, plus

ROWS = 4


@register_jitable
def padded(count: int, multiple: int) -> int:
    """The least multiple that is at least `count`."""
    return -(-count // multiple) * multiple


@inlined
def add_product(out: Any, a: Any, m: Any) -> None:
    """out += a m, for out [B, N], a [B, K], m [K, N], with contiguous rows in `out` and `m`.

    A block of 4 x 32 or 4 x 16 of `out` stays in registers while k runs.
    """
    B, N = out.shape
    fours = N // (4 * LANES) * (4 * LANES) if MANY_REGISTERS else 0
    pairs = N // (2 * LANES) * (2 * LANES)
    for b in range(0, B, ROWS):
        for n in range(0, fours, 4 * LANES):
            _add_widest(out, a, m, b, n)
        for n in range(fours, pairs, 2 * LANES):
            _add_wide(out, a, m, b, n)
        if pairs < N:
            _add_narrow(out, a, m, b, pairs)


@forced
def _add_widest(out: Any, a: Any, m: Any, b: int, n: int) -> None:
    second, third, fourth = n + LANES, n + 2 * LANES, n + 3 * LANES
    s0, t0, u0, v0 = (
        load(out, b, n),
        load(out, b, second),
        load(out, b, third),
        load(out, b, fourth),
    )
    b1, b2, b3 = b + 1, b + 2, b + 3
    s1, t1 = load(out, b1, n), load(out, b1, second)
    u1, v1 = load(out, b1, third), load(out, b1, fourth)
    s2, t2 = load(out, b2, n), load(out, b2, second)
    u2, v2 = load(out, b2, third), load(out, b2, fourth)
    s3, t3 = load(out, b3, n), load(out, b3, second)
    u3, v3 = load(out, b3, third), load(out, b3, fourth)
    for k in range(m.shape[0]):
        s, t, u, v = load(m, k, n), load(m, k, second), load(m, k, third), load(m, k, fourth)
        a0, a1, a2, a3 = a[b, k], a[b1, k], a[b2, k], a[b3, k]
        s0, t0, u0, v0 = plus(s0, a0, s), plus(t0, a0, t), plus(u0, a0, u), plus(v0, a0, v)
        s1, t1, u1, v1 = plus(s1, a1, s), plus(t1, a1, t), plus(u1, a1, u), plus(v1, a1, v)
        s2, t2, u2, v2 = plus(s2, a2, s), plus(t2, a2, t), plus(u2, a2, u), plus(v2, a2, v)
        s3, t3, u3, v3 = plus(s3, a3, s), plus(t3, a3, t), plus(u3, a3, u), plus(v3, a3, v)
    _store_four(out, b, n, s0, t0, u0, v0)
    _store_four(out, b1, n, s1, t1, u1, v1)
    _store_four(out, b2, n, s2, t2, u2, v2)
    _store_four(out, b3, n, s3, t3, u3, v3)


@forced
def _store_four(out: Any, b: int, n: int, s: Any, t: Any, u: Any, v: Any) -> None:
    store(out, b, n, s)
    store(out, b, n + LANES, t)
    store(out, b, n + 2 * LANES, u)
    store(out, b, n + 3 * LANES, v)


@forced
def _add_wide(out: Any, a: Any, m: Any, b: int, n: int) -> None:
    s0, t0 = load(out, b, n), load(out, b, n + LANES)
    s1, t1 = load(out, b + 1, n), load(out, b + 1, n + LANES)
    s2, t2 = load(out, b + 2, n), load(out, b + 2, n + LANES)
    s3, t3 = load(out, b + 3, n), load(out, b + 3, n + LANES)
    for k in range(m.shape[0]):
        left, right = load(m, k, n), load(m, k, n + LANES)
        s0, t0 = plus(s0, a[b, k], left), plus(t0, a[b, k], right)
        s1, t1 = plus(s1, a[b + 1, k], left), plus(t1, a[b + 1, k], right)
        s2, t2 = plus(s2, a[b + 2, k], left), plus(t2, a[b + 2, k], right)
        s3, t3 = plus(s3, a[b + 3, k], left), plus(t3, a[b + 3, k], right)
    store(out, b, n, s0)
    store(out, b, n + LANES, t0)
    store(out, b + 1, n, s1)
    store(out, b + 1, n + LANES, t1)
    store(out, b + 2, n, s2)
    store(out, b + 2, n + LANES, t2)
    store(out, b + 3, n, s3)
    store(out, b + 3, n + LANES, t3)


@forced
def _add_narrow(out: Any, a: Any, m: Any, b: int, n: int) -> None:
    s0, s1, s2, s3 = load(out, b, n), load(out, b + 1, n), load(out, b + 2, n), load(out, b + 3, n)
    for k in range(m.shape[0]):
        row = load(m, k, n)
        s0, s1 = plus(s0, a[b, k], row), plus(s1, a[b + 1, k], row)
        s2, s3 = plus(s2, a[b + 2, k], row), plus(s3, a[b + 3, k], row)
    store(out, b, n, s0)
    store(out, b + 1, n, s1)
    store(out, b + 2, n, s2)
    store(out, b + 3, n, s3)
