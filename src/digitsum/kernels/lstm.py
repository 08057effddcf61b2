"""LSTM: gates i, f, g, o; c_t = f c_{t-1} + i g; h_t = o tanh(c_t)."""

from typing import Any

import torch
from numba import prange
from torch import Tensor

from digitsum.kernels.numerics import add_product, arrays, compiled, sigmoid, states, tanh


@compiled
def _forward(table: Any, rows: Any, U: Any, h: Any, c: Any, gates: Any) -> None:
    replicas, batch, length = rows.shape
    H = U.shape[1]
    for r in prange(replicas):
        h[r, 0] = 0
        c[r, 0] = 0
        for t in range(length):
            a = gates[r, t]
            for b in range(batch):
                a[b] = table[r, rows[r, b, t]]
            add_product(a, h[r, t], U[r])
            for b in range(batch):
                for j in range(2 * H):
                    a[b, j] = sigmoid(a[b, j])
                for j in range(2 * H, 3 * H):
                    a[b, j] = tanh(a[b, j])
                for j in range(3 * H, 4 * H):
                    a[b, j] = sigmoid(a[b, j])
                i, f, g, o = a[b, :H], a[b, H : 2 * H], a[b, 2 * H : 3 * H], a[b, 3 * H :]
                for j in range(H):
                    c[r, t + 1, b, j] = f[j] * c[r, t, b, j] + i[j] * g[j]
                for j in range(H):
                    h[r, t + 1, b, j] = o[j] * tanh(c[r, t + 1, b, j])


@compiled
def _backward(
    d_last: Any, rows: Any, U: Any, h: Any, c: Any, gates: Any, d_table: Any, dU: Any
) -> None:
    replicas, batch, length = rows.shape
    H = U.shape[1]
    for r in prange(replicas):
        dh = d_last[r].copy()
        dc = d_last[r].copy()
        dc[:] = 0
        da = gates[r, 0].copy()
        U_transposed = U[r].T.copy()
        for t in range(length - 1, -1, -1):
            for b in range(batch):
                a, d = gates[r, t, b], da[b]
                i, f, g, o = a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
                for j in range(H):
                    tanh_c = tanh(c[r, t + 1, b, j])
                    do = dh[b, j] * tanh_c
                    d[3 * H + j] = do * (o[j] - o[j] * o[j])
                    dc[b, j] += dh[b, j] * (o[j] - o[j] * tanh_c * tanh_c)
                for j in range(H):
                    d[j] = dc[b, j] * g[j] * (i[j] - i[j] * i[j])
                    d[H + j] = dc[b, j] * c[r, t, b, j] * (f[j] - f[j] * f[j])
                    d[2 * H + j] = dc[b, j] * (i[j] - i[j] * g[j] * g[j])
                    dc[b, j] *= f[j]
                d_row = d_table[r, rows[r, b, t]]
                for j in range(4 * H):
                    d_row[j] += d[j]
            dh[:] = 0
            add_product(dh, da, U_transposed)
            add_product(dU[r], h[r, t].T, da)


class _LSTM:
    def forward(self, table: Tensor, rows: Tensor, U: Tensor) -> tuple[Tensor, ...]:
        """-> h and c [R, T + 1, B, H], gates [R, T, B, 4 H]."""
        size = U.shape[1]
        h, c = states(rows, U, size, initial=True), states(rows, U, size, initial=True)
        gates = states(rows, U, 4 * size)
        _forward(*arrays(table, rows, U, h, c, gates))
        return h, c, gates

    def backward(self, d_last: Tensor, *saved: Tensor) -> tuple[Tensor, ...]:
        """-> gradients by the table and by U."""
        rows, table, U, h, c, gates = saved
        d_table, dU = torch.zeros_like(table), torch.zeros_like(U)
        _backward(*arrays(d_last, rows, U, h, c, gates, d_table, dU))
        return d_table, dU


KERNEL = _LSTM()
