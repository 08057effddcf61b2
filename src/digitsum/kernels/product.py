"""A matrix product for the small matrices of a step; BLAS needs longer to start than it takes."""

from typing import Any

from numba import njit

from digitsum.kernels.numerics import inlined
from digitsum.kernels.simd import load, plus, store


@inlined
def add_product(out: Any, a: Any, m: Any) -> None:
    """out += a m, for out [B, N], a [B, K], m [K, N], with contiguous rows in `out` and `m`.

    A block of 4 x 16 of `out` stays in registers while k runs; edges go by 1 x 8, then one by one.
    """
    B, N = out.shape
    fours, sixteens, eights = B // 4 * 4, N // 16 * 16, N // 8 * 8
    for b in range(0, fours, 4):
        for n in range(0, sixteens, 16):
            _add_block(out, a, m, b, n)
    for b in range(fours, B):
        for n in range(0, sixteens, 8):
            _add_row(out, a, m, b, n)
    for n in range(sixteens, eights, 8):
        for b in range(B):
            _add_row(out, a, m, b, n)
    if eights < N:
        for b in range(B):
            for k in range(a.shape[1]):
                for n in range(eights, N):
                    out[b, n] += a[b, k] * m[k, n]


@njit(inline="always")
def _add_block(out: Any, a: Any, m: Any, b: int, n: int) -> None:
    s0, t0 = load(out, b, n), load(out, b, n + 8)
    s1, t1 = load(out, b + 1, n), load(out, b + 1, n + 8)
    s2, t2 = load(out, b + 2, n), load(out, b + 2, n + 8)
    s3, t3 = load(out, b + 3, n), load(out, b + 3, n + 8)
    for k in range(a.shape[1]):
        left, right = load(m, k, n), load(m, k, n + 8)
        s0, t0 = plus(s0, a[b, k], left), plus(t0, a[b, k], right)
        s1, t1 = plus(s1, a[b + 1, k], left), plus(t1, a[b + 1, k], right)
        s2, t2 = plus(s2, a[b + 2, k], left), plus(t2, a[b + 2, k], right)
        s3, t3 = plus(s3, a[b + 3, k], left), plus(t3, a[b + 3, k], right)
    store(out, b, n, s0)
    store(out, b, n + 8, t0)
    store(out, b + 1, n, s1)
    store(out, b + 1, n + 8, t1)
    store(out, b + 2, n, s2)
    store(out, b + 2, n + 8, t2)
    store(out, b + 3, n, s3)
    store(out, b + 3, n + 8, t3)


@njit(inline="always")
def _add_row(out: Any, a: Any, m: Any, b: int, n: int) -> None:
    s = load(out, b, n)
    for k in range(a.shape[1]):
        s = plus(s, a[b, k], load(m, k, n))
    store(out, b, n, s)
