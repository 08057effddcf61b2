"""What all cells share.

A cell multiplies its inputs by W once for all times (`project`, so that `a` below is
x_t W + b) and then takes one `step` after another; `digitsum.network.recurrence` holds the loop.
Every parameter has the replica axis first.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Generator, Tensor, nn

from digitsum.errors import UserError
from digitsum.network.initialisation import Initialisation, stacked

State = tuple[Tensor, ...]


class Passed(NamedTuple):
    """A layer, what it was given (x_t W + b) and the state before, and the state that it is in."""

    layer: "Cell"
    a: Tensor
    before: State
    after: State


class Cell(nn.Module):
    """Weights W [R, E, K], U [R, H, K], b [R, 1, K], with K = gates x H, and a `step`.

    Args:
        input_size: E.
        hidden_size: H.
        by: a generator for each replica, from `initialisation.replica_generators`.
        init: how W, U and b start. Needed unless `weights` are given.
        weights: explicit parameters by name, in the shapes above, instead of `by` and `init`.

    The state is a tuple of [R, B, H] tensors, named by `states`, of which `readout` says which the
    classifier reads.
    """

    gates: ClassVar[tuple[str, ...]] = ("h",)
    candidate: ClassVar[str] = "h"  # the gate whose block of U carries the state on
    states: ClassVar[tuple[str, ...]] = ("h",)
    readout: ClassVar[tuple[str, ...]] = ("h",)
    # Gates that keep the state, 1 where it is kept as they open and -1 where as they close; and
    # those that let in what is new.
    keeps: ClassVar[Mapping[str, int]] = {}
    admits: ClassVar[tuple[str, ...]] = ()

    W: nn.Parameter
    U: nn.Parameter
    b: nn.Parameter

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        by: list[Generator] | None = None,
        init: Initialisation | None = None,
        weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        if weights is None:
            if by is None or init is None:
                raise TypeError(f"{type(self).__name__} needs `by` and `init`, or `weights`")
            weights = self._start(by, init)
        for name, value in weights.items():
            setattr(self, name, nn.Parameter(value))

    def _start(self, by: list[Generator], init: Initialisation) -> dict[str, Tensor]:
        gates, size = len(self.gates), self.hidden_size
        return {
            "W": stacked(init.input, self.input_size, size, gates, by),
            "U": stacked(init.recurrent, size, size, gates, by),
            "b": self._opened(stacked(init.bias, 1, size, gates, by), by, init),
        }

    def _opened(self, b: Tensor, by: list[Generator], init: Initialisation) -> Tensor:
        """Biases [R, 1, K] with those of the gates that keep the state as `init` wants them.

        Raises:
            UserError: it wants them, and there is no such gate.
        """
        openings = init.openings(self.hidden_size, by)
        if openings is None:
            return b
        if not self.keeps:
            asked = "init.forget_bias" if init.chrono is None else "init=chrono"
            raise UserError(f"{asked}: {type(self).__name__} has no gate that keeps the state")
        blocks = dict(zip(self.gates, b.chunk(len(self.gates), dim=-1), strict=True))
        blocks |= {gate: sign * openings for gate, sign in self.keeps.items()}
        if init.chrono is not None:
            blocks |= dict.fromkeys(self.admits, -openings)
        return torch.cat(list(blocks.values()), dim=-1)

    def project(self, inputs: Tensor) -> Tensor:
        """x W + b for all inputs at once: [R, N, E] -> [R, N, K]."""
        return torch.baddbmm(self.b, inputs, self.W)

    def initial_state(self, replicas: int, batch: int) -> State:
        """h_0 = 0 (and c_0 = 0 for the LSTM)."""
        zero = self.W.new_zeros(replicas, batch, self.hidden_size)
        return (zero,) * len(self.states)

    def read(self, state: State) -> Tensor:
        """What the classifier reads of a state: [R, B, reads x H]."""
        parts = [state[self.states.index(name)] for name in self.readout]
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

    @property
    def read_size(self) -> int:
        """How many numbers that is."""
        return len(self.readout) * self.hidden_size

    def layers_by_name(self) -> dict[str, "Cell"]:
        """Its layers, by how their parameters' names begin; of most cells, the cell itself."""
        return {"": self}

    @property
    def last_layer(self) -> "Cell":
        """The one that the classifier reads."""
        return list(self.layers_by_name().values())[-1]

    def through(self, a: Tensor, state: State) -> Iterator[Passed]:
        """One time step, layer by layer."""
        yield Passed(self, a, state, self.step(a, state))

    def spectral_matrix(self) -> Tensor:
        """What multiplies h in a step, of gated cells in the candidate: [R, H, H]."""
        return self.U.chunk(len(self.gates), dim=-1)[self.gates.index(self.candidate)]

    def step(self, a: Tensor, state: State) -> State:
        """One time step: projected inputs `a` [R, B, K] and a state -> the next state."""
        raise NotImplementedError
