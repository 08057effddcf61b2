"""What the machine could do at most: multiply-adds on registers alone, on all its threads.

python benchmarks/limit.py
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit

from digitsum.kernels.compiling import inlined
from digitsum.kernels.lanes import LANES, load, store
from digitsum.kernels.simd import plus
from digitsum.training.ways.rows import usable_threads

CHAINS, ROUNDS = 12, 2_000_000  # enough independent sums to hide a multiply-add's latency


@inlined
def _turn(x: Any, rounds: int) -> None:
    c, f = load(x, CHAINS, 0), x[CHAINS, 0]
    s0, s1, s2, s3 = load(x, 0, 0), load(x, 1, 0), load(x, 2, 0), load(x, 3, 0)
    s4, s5, s6, s7 = load(x, 4, 0), load(x, 5, 0), load(x, 6, 0), load(x, 7, 0)
    s8, s9, sa, sb = load(x, 8, 0), load(x, 9, 0), load(x, 10, 0), load(x, 11, 0)
    for _ in range(rounds):
        s0, s1, s2, s3 = plus(c, f, s0), plus(c, f, s1), plus(c, f, s2), plus(c, f, s3)
        s4, s5, s6, s7 = plus(c, f, s4), plus(c, f, s5), plus(c, f, s6), plus(c, f, s7)
        s8, s9, sa, sb = plus(c, f, s8), plus(c, f, s9), plus(c, f, sa), plus(c, f, sb)
    store(x, 0, 0, s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + sa + sb)


@njit(nogil=True)
def _work(x: Any, rounds: int) -> None:
    _turn(x, rounds)


def multiply_adds() -> float:
    """A second, in single precision, the best of five rounds."""
    threads = usable_threads()
    x = [np.full((CHAINS + 1, LANES), 1e-3, np.float32) for _ in range(threads)]
    _work(x[0], 1)
    times = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            start = time.perf_counter()
            list(pool.map(_work, x, [ROUNDS] * threads))
            times.append(time.perf_counter() - start)
    return threads * CHAINS * LANES * ROUNDS / min(times)


def of_a_step(length: int, batch: int = 8, hidden: int = 32, classes: int = 19) -> int:
    """Multiply-adds of a replica's step of an SRN with a frozen embedding, there and back."""
    recurrence = 3 * length * batch * hidden**2
    return recurrence + 3 * batch * hidden * classes + 2 * 10 * hidden**2


if __name__ == "__main__":
    print(f"{multiply_adds() / 1e9:.1f} billion multiply-adds a second")
