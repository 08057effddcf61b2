"""A training step of the whole network without autograd's graph, which takes longer than the step.

The chain rule over four compiled parts: input projection, recurrence, readout, cross-entropy.
`Classifier.losses` holds plain autograd beside it.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from digitsum.recurrence import Kernel, arrays

if TYPE_CHECKING:
    from digitsum.classifier import Classifier


class Backpropagation:
    """The losses of one batch, and the way back from them.

    Args:
        classifier: whose parameters are read now and given gradients later.
        kernel: the cell's.
        digits, labels: [R, B, T] and [R, B].
        weight: of an example's loss in its replica's.

    Attributes:
        losses: [R].
        logits: [R, B, C].
        states: h_1 ... h_T [R, T, B, H].
    """

    def __init__(
        self,
        classifier: "Classifier",
        kernel: Kernel,
        digits: Tensor,
        labels: Tensor,
        weight: float,
    ) -> None:
        from digitsum.kernels import affine, cross_entropy

        cell, readout = classifier.cell, classifier.readout
        self._kernel = kernel
        self._parameters = (classifier.embedding.table, cell.W, cell.b, readout.V, readout.c)
        self._recurrent = cell.recurrent_weights()
        rows, answers, x, W, b, V, c, *U = arrays(
            digits, labels, *self._parameters, *self._recurrent
        )
        table = affine.forward(x, W, b)
        h, *saved = kernel.forward(table, rows, *U)
        last = h[:, -1].copy()
        logits = affine.forward(last, V, c)
        losses, self._d_logits = cross_entropy.forward(logits, answers, weight)
        self._projection, self._readout = (x, W), (last, V)
        self._trajectory = (rows, table, *U, h, *saved)
        self.losses, self.logits = torch.from_numpy(losses), torch.from_numpy(logits)
        self.states = torch.from_numpy(h)[:, 1:]

    def backward(self) -> None:
        """Leaves the gradient of each replica's loss in its parameters' `grad`."""
        from digitsum.kernels import affine

        d_last, dV, dc = affine.backward(self._d_logits, *self._readout)
        d_table, *dU = self._kernel.backward(d_last, *self._trajectory)
        table = self._parameters[0]
        dx, dW, db = affine.backward(d_table, *self._projection, table.requires_grad)
        pairs = zip((*self._parameters, *self._recurrent), (dx, dW, db, dV, dc, *dU), strict=True)
        for parameter, gradient in pairs:
            if parameter.requires_grad:
                parameter.grad = torch.from_numpy(gradient)
