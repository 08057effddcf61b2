"""GRU: n = tanh(a_n + r m) with m = h U_n + d; h_t = n + z (h_{t-1} - n).

Each gate's values (r, z, n) lie together, [3, B, H] at a time, so that loops over them are long.
"""

from typing import Any

import numpy as np
from numba import prange

from digitsum.kernels.lookup import gather, scatter_add
from digitsum.kernels.numerics import Array, compiled, flat, inlined, sigmoid, tanh
from digitsum.kernels.product import add_product

GATES = 3


@inlined
def _forward_one(table: Any, rows: Any, U: Any, d: Any, h: Any, gates: Any, m: Any) -> None:
    H = len(U)
    h[0] = 0
    for t in range(len(gates)):
        for gate in range(GATES):
            gather(gates[t, gate], table[:, gate * H : (gate + 1) * H], rows[:, t])
        for gate in range(2):
            a = gates[t, gate]
            add_product(a, h[t], U[:, gate * H : (gate + 1) * H])
            each = flat(a)
            for j in range(len(each)):
                each[j] = sigmoid(each[j])
        for b in range(m.shape[1]):
            for j in range(H):
                m[t, b, j] = d[0, j]
        add_product(m[t], h[t], U[:, 2 * H :])
        r, z, n, m_t = flat(gates[t, 0]), flat(gates[t, 1]), flat(gates[t, 2]), flat(m[t])
        before, now = flat(h[t]), flat(h[t + 1])
        for j in range(len(n)):
            n[j] += r[j] * m_t[j]
        for j in range(len(n)):
            n[j] = tanh(n[j])
        for j in range(len(n)):
            now[j] = n[j] + z[j] * (before[j] - n[j])


@inlined
def _backward_one(
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
    H = len(U)
    dh, dm, da = d_last.copy(), np.empty_like(d_last), np.empty_like(gates[0])
    dh_, dm_, dr, dz, dn = flat(dh), flat(dm), flat(da[0]), flat(da[1]), flat(da[2])
    U_transposed = U.T.copy()
    for t in range(len(gates) - 1, -1, -1):
        r, z, n, m_t = flat(gates[t, 0]), flat(gates[t, 1]), flat(gates[t, 2]), flat(m[t])
        before = flat(h[t])
        for j in range(len(dh_)):
            dz[j] = dh_[j] * (before[j] - n[j]) * (z[j] - z[j] * z[j])
        for j in range(len(dh_)):
            dn[j] = (dh_[j] - dh_[j] * z[j]) - (dh_[j] - dh_[j] * z[j]) * n[j] * n[j]
        for j in range(len(dh_)):
            dm_[j] = dn[j] * r[j]
        for j in range(len(dh_)):
            dr[j] = dn[j] * m_t[j] * (r[j] - r[j] * r[j])
        for j in range(len(dh_)):
            dh_[j] *= z[j]
        for b in range(len(dm)):
            for j in range(H):
                dd[0, j] += dm[b, j]
        for gate in range(GATES):
            columns = slice(gate * H, (gate + 1) * H)
            scatter_add(d_table[:, columns], rows[:, t], da[gate])
            # Inside the reset, n's product has a gradient of its own.
            d_product = dm if gate == 2 else da[gate]
            add_product(dU[:, columns], h[t].T, d_product)
            add_product(dh, d_product, U_transposed[columns])


@compiled
def _forward(table: Any, rows: Any, U: Any, d: Any, h: Any, gates: Any, m: Any) -> None:
    for r in prange(len(rows)):
        _forward_one(table[r], rows[r], U[r], d[r], h[r], gates[r], m[r])


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
    for r in prange(len(rows)):
        _backward_one(d_last[r], rows[r], U[r], h[r], gates[r], m[r], d_table[r], dU[r], dd[r])


class _GRU:
    def forward(self, table: Array, rows: Array, U: Array, d: Array) -> tuple[Array, ...]:
        """-> h [R, T + 1, B, H], gates [R, T, 3, B, H] and m [R, T, B, H]."""
        (replicas, batch, length), size = rows.shape, U.shape[1]
        h = np.empty((replicas, length + 1, batch, size), U.dtype)
        gates = np.empty((replicas, length, GATES, batch, size), U.dtype)
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
