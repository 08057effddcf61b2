"""SRN, plain and residual: h_t = [h_{t-1} +] tanh(a_t + h_{t-1} U)."""

from typing import Any

import numpy as np
from numba import prange

from digitsum.kernels.lookup import gather, scatter_add
from digitsum.kernels.numerics import Array, compiled, flat, inlined, tanh
from digitsum.kernels.product import add_product


@inlined
def _forward_one(table: Any, rows: Any, U: Any, h: Any, z: Any, residual: bool) -> None:
    a = np.empty_like(h[0])
    h[0] = 0
    for t in range(len(h) - 1):
        gather(a, table, rows[:, t])
        add_product(a, h[t], U)
        before, now, each = flat(h[t]), flat(h[t + 1]), flat(a)
        if residual:
            z_t = flat(z[t])
            for i in range(len(now)):
                z_t[i] = tanh(each[i])
            for i in range(len(now)):
                now[i] = before[i] + z_t[i]
        else:
            for i in range(len(now)):
                now[i] = tanh(each[i])


@inlined
def _backward_one(
    d_last: Any, rows: Any, U: Any, h: Any, z: Any, residual: bool, d_table: Any, dU: Any
) -> None:
    dh, da = d_last.copy(), np.empty_like(d_last)
    U_transposed = U.T.copy()
    for t in range(len(h) - 2, -1, -1):
        z_t, each_dh, each_da = flat(z[t]) if residual else flat(h[t + 1]), flat(dh), flat(da)
        for i in range(len(z_t)):
            each_da[i] = each_dh[i] - each_dh[i] * z_t[i] * z_t[i]
        scatter_add(d_table, rows[:, t], da)
        add_product(dU, h[t].T, da)
        if not residual:
            dh[:] = 0
        add_product(dh, da, U_transposed)


@compiled
def _forward(table: Any, rows: Any, U: Any, h: Any, z: Any, residual: bool) -> None:
    for r in prange(len(rows)):
        _forward_one(table[r], rows[r], U[r], h[r], z[r], residual)


@compiled
def _backward(
    d_last: Any, rows: Any, U: Any, h: Any, z: Any, residual: bool, d_table: Any, dU: Any
) -> None:
    for r in prange(len(rows)):
        _backward_one(d_last[r], rows[r], U[r], h[r], z[r], residual, d_table[r], dU[r])


class _SRN:
    def __init__(self, residual: bool) -> None:
        self.residual = residual

    def forward(self, table: Array, rows: Array, U: Array) -> tuple[Array, ...]:
        """-> h [R, T + 1, B, H] and, for the residual, tanh(...) [R, T, B, H]."""
        (replicas, batch, length), size = rows.shape, U.shape[1]
        h = np.empty((replicas, length + 1, batch, size), U.dtype)
        z = np.empty((replicas, length if self.residual else 0, batch, size), U.dtype)
        _forward(table, rows, U, h, z, self.residual)
        return h, z

    def backward(self, d_last: Array, *saved: Array) -> tuple[Array, ...]:
        """-> gradients by the table and by U."""
        rows, table, U, h, z = saved
        d_table, dU = np.zeros_like(table), np.zeros_like(U)
        _backward(d_last, rows, U, h, z, self.residual, d_table, dU)
        return d_table, dU


PLAIN = _SRN(residual=False)
RESIDUAL = _SRN(residual=True)
