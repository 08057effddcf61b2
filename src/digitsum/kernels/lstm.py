"""LSTM: gates i, f, g, o; c_t = f c_{t-1} + i g; h_t = o tanh(c_t).

Each gate's values lie together, [4, B, H] at a time, so that loops over them are long.
"""

from typing import Any

import numpy as np
from numba import prange

from digitsum.kernels.lookup import gather, scatter_add
from digitsum.kernels.numerics import Array, compiled, flat, inlined, sigmoid, tanh
from digitsum.kernels.product import add_product

GATES = 4
CANDIDATE = 2  # g, the only one whose activation is tanh


@inlined
def _forward_one(table: Any, rows: Any, U: Any, h: Any, c: Any, gates: Any, tanh_c: Any) -> None:
    H = len(U)
    h[0] = 0
    c[0] = 0
    for t in range(len(gates)):
        for gate in range(GATES):
            a, columns = gates[t, gate], slice(gate * H, (gate + 1) * H)
            gather(a, table[:, columns], rows[:, t])
            add_product(a, h[t], U[:, columns])
            each = flat(a)
            if gate == CANDIDATE:
                for j in range(len(each)):
                    each[j] = tanh(each[j])
            else:
                for j in range(len(each)):
                    each[j] = sigmoid(each[j])
        i, f, g, o = flat(gates[t, 0]), flat(gates[t, 1]), flat(gates[t, 2]), flat(gates[t, 3])
        before, now, tanh_now, h_now = flat(c[t]), flat(c[t + 1]), flat(tanh_c[t]), flat(h[t + 1])
        for j in range(len(now)):
            now[j] = f[j] * before[j] + i[j] * g[j]
        for j in range(len(now)):
            tanh_now[j] = tanh(now[j])
        for j in range(len(now)):
            h_now[j] = o[j] * tanh_now[j]


@inlined
def _backward_one(
    d_last: Any,
    rows: Any,
    U: Any,
    h: Any,
    c: Any,
    gates: Any,
    tanh_c: Any,
    d_table: Any,
    dU: Any,
) -> None:
    H = len(U)
    dh, dc, da = d_last.copy(), np.zeros_like(d_last), np.empty_like(gates[0])
    dh_, dc_ = flat(dh), flat(dc)
    di, df, dg, do = flat(da[0]), flat(da[1]), flat(da[2]), flat(da[3])
    U_transposed = U.T.copy()
    for t in range(len(gates) - 1, -1, -1):
        i, f, g, o = flat(gates[t, 0]), flat(gates[t, 1]), flat(gates[t, 2]), flat(gates[t, 3])
        before, tanh_now = flat(c[t]), flat(tanh_c[t])
        for j in range(len(dh_)):
            do[j] = dh_[j] * tanh_now[j] * (o[j] - o[j] * o[j])
        for j in range(len(dh_)):
            dc_[j] += dh_[j] * (o[j] - o[j] * tanh_now[j] * tanh_now[j])
        for j in range(len(dh_)):
            di[j] = dc_[j] * g[j] * (i[j] - i[j] * i[j])
        for j in range(len(dh_)):
            dg[j] = dc_[j] * (i[j] - i[j] * g[j] * g[j])
        for j in range(len(dh_)):
            df[j] = dc_[j] * before[j] * (f[j] - f[j] * f[j])
        for j in range(len(dh_)):
            dc_[j] *= f[j]
        dh[:] = 0
        for gate in range(GATES):
            columns = slice(gate * H, (gate + 1) * H)
            scatter_add(d_table[:, columns], rows[:, t], da[gate])
            add_product(dU[:, columns], h[t].T, da[gate])
            add_product(dh, da[gate], U_transposed[columns])


@compiled
def _forward(table: Any, rows: Any, U: Any, h: Any, c: Any, gates: Any, tanh_c: Any) -> None:
    for r in prange(len(rows)):
        _forward_one(table[r], rows[r], U[r], h[r], c[r], gates[r], tanh_c[r])


@compiled
def _backward(
    d_last: Any,
    rows: Any,
    U: Any,
    h: Any,
    c: Any,
    gates: Any,
    tanh_c: Any,
    d_table: Any,
    dU: Any,
) -> None:
    for r in prange(len(rows)):
        _backward_one(d_last[r], rows[r], U[r], h[r], c[r], gates[r], tanh_c[r], d_table[r], dU[r])


class _LSTM:
    def forward(self, table: Array, rows: Array, U: Array) -> tuple[Array, ...]:
        """-> h and c [R, T + 1, B, H], gates [R, T, 4, B, H], tanh(c) [R, T, B, H]."""
        (replicas, batch, length), size = rows.shape, U.shape[1]
        h = np.empty((replicas, length + 1, batch, size), U.dtype)
        c, tanh_c = np.empty_like(h), np.empty_like(h[:, 1:])
        gates = np.empty((replicas, length, GATES, batch, size), U.dtype)
        _forward(table, rows, U, h, c, gates, tanh_c)
        return h, c, gates, tanh_c

    def backward(self, d_last: Array, *saved: Array) -> tuple[Array, ...]:
        """-> gradients by the table and by U."""
        rows, table, U, *trajectory = saved
        d_table, dU = np.zeros_like(table), np.zeros_like(U)
        _backward(d_last, rows, U, *trajectory, d_table, dU)
        return d_table, dU


KERNEL = _LSTM()
