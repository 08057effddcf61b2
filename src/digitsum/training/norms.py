"""Norms of gradients, replica by replica: of each gate's part of a cell's weights, and of all."""

from typing import NamedTuple

import torch
from torch import Tensor

from digitsum.network.cells.cell import Cell
from digitsum.network.classifier import Classifier


class Part(NamedTuple):
    """One gate's columns of one of a cell's parameters."""

    name: str
    parameter: str
    first: int
    width: int


def parts(cell: Cell) -> list[Part]:
    """`W`, `U`, `b` for a cell of one gate, else `W_i`, `W_f`, ...; the GRU's `d` is of one. In a
    stack `W_i of layer 2`.
    """
    found, layers = [], cell.layers_by_name()
    for number, (prefix, layer) in enumerate(layers.items(), 1):
        for name, parameter in layer.named_parameters():
            columns, own = parameter.shape[-1], prefix + name
            gates = columns // cell.hidden_size
            labels = [f"{name}_{gate}" for gate in layer.gates] if gates > 1 else [name]
            where = f" of layer {number}" if len(layers) > 1 else ""
            width = min(columns, cell.hidden_size)
            found += [Part(one + where, own, i * width, width) for i, one in enumerate(labels)]
    return found


def gradient_norms(classifier: Classifier) -> Tensor:
    """L2 norm of each part's gradient, then of all that is trained: [parts + 1, R]."""
    cell = classifier.cell
    named = dict(cell.named_parameters())
    norms = []
    for part in parts(cell):
        parameter, last = named[part.parameter], part.first + part.width
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        norms.append(torch.linalg.vector_norm(gradient[..., part.first : last], dim=(1, 2)))
    every = [p.grad.flatten(1) for p in classifier.parameters() if p.grad is not None]
    norms.append(torch.linalg.vector_norm(torch.cat(every, dim=1), dim=1))
    return torch.stack(norms)
