"""The loop over time: the plain reference, and beside it the fast one that a test holds equal.

Both take a table of projected inputs [R, V, K] and the rows to look up at each time. For digits
the table has ten rows, so that x_t W + b is computed ten times a step instead of B x T times; for
any other inputs it has a row for each of the B x T (`rows_of`).
"""

from importlib import import_module
from typing import Any, Literal, Protocol, cast

import numpy as np
import torch
from torch import Tensor

from digitsum.cells import Cell

Recurrence = Literal["fast", "reference"]


def reference(cell: Cell, table: Tensor, rows: Tensor) -> Tensor:
    """Hidden states at all times, by autograd over a Python loop of the cell's own `step`.

    Args:
        table: projected inputs [R, V, K].
        rows: int64 [R, B, T], which row of the table is the input at each time.

    Returns:
        h_1 ... h_T as [R, T, B, H].
    """
    replica = torch.arange(len(rows), device=rows.device)[:, None]
    state = cell.initial_state(*rows.shape[:2])
    states = []
    for t in range(rows.shape[2]):
        state = cell.step(table[replica, rows[:, :, t]], state)
        states.append(state[0])
    return torch.stack(states, dim=1)


Array = np.ndarray[Any, Any]


def arrays(*tensors: Tensor) -> list[Array]:
    """Tensors as NumPy views of the same memory (copied where they aren't contiguous)."""
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


class Kernel(Protocol):
    """A cell's compiled pass; see `digitsum.kernels`."""

    def forward(self, table: Array, rows: Array, *weights: Array) -> tuple[Array, ...]:
        """-> h_0 ... h_T [R, T + 1, B, H], and what `backward` needs beside it."""
        ...

    def backward(self, d_last: Array, *saved: Array) -> tuple[Array, ...]:
        """By h_T, and rows, table, weights, results of `forward` -> by table and weights."""
        ...


def kernel_of(cell: Cell, like: Tensor, recurrence: Recurrence) -> Kernel | None:
    """What computes `cell` if the fast path is wanted and there is one for `like`'s device.

    Imported when first used: Numba is not for those who never train here.
    """
    if recurrence == "reference" or cell.kernel is None or like.device.type != "cpu":
        return None
    module, _, variant = cell.kernel.partition(":")
    return cast(Kernel, getattr(import_module(module), variant))


class _Compiled(torch.autograd.Function):
    """Backpropagation through time, written by hand in a kernel."""

    @staticmethod
    def forward(
        ctx: Any, kernel: Kernel, rows: Tensor, table: Tensor, *weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        given = arrays(table, rows, *weights)
        ctx.kernel, ctx.saved = kernel, (given[1], given[0], *given[2:])
        ctx.saved += kernel.forward(*given)
        h = torch.from_numpy(ctx.saved[len(given)])
        ctx.mark_non_differentiable(h)
        ctx.set_materialize_grads(False)
        return h[:, -1].clone(), h

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> Any:
        d_last = grads[0]
        if d_last is None:
            return None, None, *[None] * (len(ctx.needs_input_grad) - 2)
        found = ctx.kernel.backward(*arrays(d_last), *ctx.saved)
        return None, None, *map(torch.from_numpy, found)


def last_state(
    cell: Cell, table: Tensor, rows: Tensor, recurrence: Recurrence = "fast"
) -> tuple[Tensor, Tensor]:
    """The last hidden state, and the trajectory that led to it.

    `fast` runs the cell's kernel where it has one and the tensors are on the CPU; elsewhere it is
    the reference.

    Returns:
        h_T [R, B, H], which carries gradients, and h_1 ... h_T [R, T, B, H], which doesn't.
    """
    kernel = kernel_of(cell, table, recurrence)
    if kernel is not None:
        last, states = cast(Any, _Compiled).apply(kernel, rows, table, *cell.recurrent_weights())
        return last, states[:, 1:]
    states = reference(cell, table, rows)
    return states[:, -1], states.detach()


def rows_of(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Arbitrary inputs [R, B, T, E] as a flat table [R, B x T, E] and its rows [R, B, T]."""
    replicas, batch, length, size = inputs.shape
    rows = torch.arange(batch * length, device=inputs.device).view(1, batch, length)
    return inputs.reshape(replicas, -1, size), rows.expand(replicas, -1, -1).contiguous()
