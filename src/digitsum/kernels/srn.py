"""SRN, plain and residual: h_t = [h_{t-1} +] tanh(a_t + h_{t-1} U)."""

from typing import Any

import torch
from numba import prange
from torch import Tensor

from digitsum.kernels.numerics import add_product, arrays, compiled, inlined, states, tanh


@inlined
def _forward_one(table: Any, rows: Any, U: Any, h: Any, z: Any, residual: bool) -> None:
    batch, length = rows.shape
    H = U.shape[0]
    h[0] = 0
    a = h[0].copy()
    for t in range(length):
        for b in range(batch):
            row = table[rows[b, t]]
            for j in range(H):
                a[b, j] = row[j]
        add_product(a, h[t], U)
        for b in range(batch):
            for j in range(H):
                h[t + 1, b, j] = tanh(a[b, j])
        if residual:
            for b in range(batch):
                for j in range(H):
                    z[t, b, j] = h[t + 1, b, j]
                    h[t + 1, b, j] += h[t, b, j]


@inlined
def _backward_one(
    d_last: Any, rows: Any, U: Any, h: Any, z: Any, residual: bool, d_table: Any, dU: Any
) -> None:
    batch, length = rows.shape
    H = U.shape[0]
    dh = d_last.copy()
    da = d_last.copy()
    U_transposed = U.T.copy()
    for t in range(length - 1, -1, -1):
        for b in range(batch):
            tanh_t = z[t, b] if residual else h[t + 1, b]
            d_row = d_table[rows[b, t]]
            for j in range(H):
                da[b, j] = dh[b, j] - dh[b, j] * tanh_t[j] * tanh_t[j]
                d_row[j] += da[b, j]
        if not residual:
            dh[:] = 0
        add_product(dh, da, U_transposed)
        add_product(dU, h[t].T, da)


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

    def forward(self, table: Tensor, rows: Tensor, U: Tensor) -> tuple[Tensor, ...]:
        """-> h [R, T + 1, B, H] and, for the residual, tanh(...) [R, T, B, H]."""
        size = U.shape[-1]
        h = states(rows, U, size, initial=True)
        z = states(rows, U, size) if self.residual else U.new_empty(len(U), 0, 0, size)
        _forward(*arrays(table, rows, U, h, z), self.residual)
        return h, z

    def backward(self, d_last: Tensor, *saved: Tensor) -> tuple[Tensor, ...]:
        """-> gradients by the table and by U."""
        rows, table, U, h, z = saved
        d_table, dU = torch.zeros_like(table), torch.zeros_like(U)
        _backward(*arrays(d_last, rows, U, h, z), self.residual, *arrays(d_table, dU))
        return d_table, dU


PLAIN = _SRN(residual=False)
RESIDUAL = _SRN(residual=True)
