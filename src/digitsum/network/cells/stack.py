"""Layers: what a cell reads is what another has at the same time."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from digitsum.network.cells.cell import Cell, Passed, State


class Stack(Cell):
    """Layer l reads what layer l - 1 has at the same time; the classifier reads the last.

    a^l_t = y^{l-1}_t W^l + b^l, as `torch.nn.RNN(num_layers=...)` has it, y being what a layer says
    is read of it.

    Args:
        layers: cells of one size, the second and those after it with as many inputs as are read of
            the one before.
    """

    def __init__(self, layers: Sequence[Cell]) -> None:
        nn.Module.__init__(self)
        first, last = layers[0], layers[-1]
        self.layers = nn.ModuleList(layers)
        self.input_size, self.hidden_size = first.input_size, first.hidden_size
        self.gates = first.gates  # type: ignore[misc]  # of a class, elsewhere
        self.states = tuple(  # type: ignore[misc]
            f"{name}{number}" for number, one in enumerate(layers, 1) for name in one.states
        )
        names = (f"{name}{len(layers)}" for name in last.readout)
        self.readout = tuple(names)  # type: ignore[misc]

    @property
    def W(self) -> Tensor:  # type: ignore[override]  # noqa: N802
        """The first layer's."""
        return self.layers[0].W  # type: ignore[return-value]

    @property
    def b(self) -> Tensor:  # type: ignore[override]
        """The first layer's."""
        return self.layers[0].b  # type: ignore[return-value]

    def layers_by_name(self) -> dict[str, Cell]:
        return {f"layers.{number}.": one for number, one in enumerate(self._cells())}

    def _cells(self) -> Iterator[Cell]:
        yield from self.layers  # type: ignore[misc]

    def spectral_matrix(self) -> Tensor:
        """All layers' on the diagonal, so that its eigenvalues are those of all: [R, L H, L H]."""
        blocks = [one.spectral_matrix() for one in self._cells()]
        whole = [torch.block_diag(*each) for each in zip(*blocks, strict=True)]  # type: ignore[no-untyped-call]
        return torch.stack(whole)

    def through(self, a: Tensor, state: State) -> Iterator[Passed]:
        left, read = state, a
        for number, layer in enumerate(self._cells()):
            before, left = left[: len(layer.states)], left[len(layer.states) :]
            if number:
                a = read @ layer.W + layer.b  # of the layer before
            after = layer.step(a, before)
            read = layer.read(after)
            yield Passed(layer, a, before, after)

    def step(self, a: Tensor, state: State) -> State:
        return tuple(part for passed in self.through(a, state) for part in passed.after)
