"""Each replica's cross-entropy, and its gradient by the logits: softmax less the label's one."""

import math
from typing import Any

import numpy as np
from numba import prange

from digitsum.kernels.numerics import Array, compiled


@compiled
def _forward(logits: Any, labels: Any, weight: Any, losses: Any, d_logits: Any) -> None:
    for r in prange(len(logits)):
        for n in range(logits.shape[1]):
            z, d, label = logits[r, n], d_logits[r, n], labels[r, n]
            highest = z.max()
            for k in range(len(z)):
                d[k] = math.exp(z[k] - highest)
            total = d.sum()
            losses[r] += weight * (math.log(total) + highest - z[label])
            for k in range(len(z)):
                d[k] *= weight / total
            d[label] -= weight


def forward(logits: Array, labels: Array, weight: float) -> tuple[Array, Array]:
    """Logits [R, N, C] and labels [R, N] -> losses [R], their gradient by the logits [R, N, C].

    A replica's loss is the sum of its examples' times `weight`.
    """
    losses, d_logits = np.zeros(len(logits), logits.dtype), np.empty_like(logits)
    _forward(logits, labels, logits.dtype.type(weight), losses, d_logits)
    return losses, d_logits
