"""GRU: n = tanh(a_n + r m) with m = h U_n + d; h_t = n + z (h_{t-1} - n)."""

from typing import Any

import numpy as np
from numba import prange

from digitsum.kernels.numerics import Array, compiled, sigmoid, tanh
from digitsum.kernels.product import add_product


@compiled
def _forward(table: Any, rows: Any, U: Any, d: Any, h: Any, gates: Any, m: Any) -> None:
    replicas, batch, length = rows.shape
    H = U.shape[1]
    for r in prange(replicas):
        h[r, 0] = 0
        u = gates[r, 0].copy()
        for t in range(length):
            u[:] = 0
            add_product(u, h[r, t], U[r])
            for b in range(batch):
                a, gate = table[r, rows[r, b, t]], gates[r, t, b]
                for j in range(2 * H):
                    gate[j] = sigmoid(a[j] + u[b, j])
                for j in range(H):
                    m[r, t, b, j] = u[b, 2 * H + j] + d[r, 0, j]
                    gate[2 * H + j] = tanh(a[2 * H + j] + gate[j] * m[r, t, b, j])
                for j in range(H):
                    n = gate[2 * H + j]
                    h[r, t + 1, b, j] = n + gate[H + j] * (h[r, t, b, j] - n)


@compiled
def _backward(
    d_last: Any,
    rows: Any,
    U: Any,
    h: Any,
    gates: Any,
    m: Any,
    d_table: Any,
    dU: Any,
    dd: Any,
) -> None:
    replicas, batch, length = rows.shape
    H = U.shape[1]
    for r in prange(replicas):
        dh = d_last[r].copy()
        du = gates[r, 0].copy()
        U_transposed = U[r].T.copy()
        for t in range(length - 1, -1, -1):
            for b in range(batch):
                gate, d_row = gates[r, t, b], d_table[r, rows[r, b, t]]
                for j in range(H):
                    reset, z, n = gate[j], gate[H + j], gate[2 * H + j]
                    dn = dh[b, j] - dh[b, j] * z
                    da_n = dn - dn * n * n
                    dm = da_n * reset
                    da_r = da_n * m[r, t, b, j] * (reset - reset * reset)
                    da_z = dh[b, j] * (h[r, t, b, j] - n) * (z - z * z)
                    du[b, j], du[b, H + j], du[b, 2 * H + j] = da_r, da_z, dm
                    d_row[j] += da_r
                    d_row[H + j] += da_z
                    d_row[2 * H + j] += da_n
                    dd[r, 0, j] += dm
                    dh[b, j] *= z
            add_product(dh, du, U_transposed)
            add_product(dU[r], h[r, t].T, du)


class _GRU:
    def forward(self, table: Array, rows: Array, U: Array, d: Array) -> tuple[Array, ...]:
        """-> h [R, T + 1, B, H], gates [R, T, B, 3 H] and m [R, T, B, H]."""
        (replicas, batch, length), size = rows.shape, U.shape[1]
        h = np.empty((replicas, length + 1, batch, size), U.dtype)
        gates = np.empty((replicas, length, batch, 3 * size), U.dtype)
        m = np.empty_like(h[:, 1:])
        _forward(table, rows, U, d, h, gates, m)
        return h, gates, m

    def backward(self, d_last: Array, *saved: Array) -> tuple[Array, ...]:
        """-> gradients by the table, by U and by d."""
        rows, table, U, d, h, gates, m = saved
        d_table, dU, dd = np.zeros_like(table), np.zeros_like(U), np.zeros_like(d)
        _backward(d_last, rows, U, h, gates, m, d_table, dU, dd)
        return d_table, dU, dd


KERNEL = _GRU()
