"""The compiled way to train: from one moment at which somebody must look to the next in one call.

Whenever it is told to `finish`, everything is back where torch has it: weights in the module,
moments and counts in the optimizer. So a checkpoint can change between the ways.
"""

from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from digitsum.kernels.epoch import Examples, Rows, records_for
from digitsum.kernels.numerics import Array
from digitsum.kernels.update import SGD
from digitsum.task.data import Batch, Course
from digitsum.training.learner import Learner
from digitsum.training.norms import parts
from digitsum.training.ways.optimizers import moments, rule_of, state_of, steps_taken
from digitsum.training.ways.rows import FlatNetwork, tensors_of, usable_threads
from digitsum.training.ways.way import Steps, Way, joined

FRESH = 8  # passes of fresh examples that are held at once


class CompiledWay(Way):
    """Trains `module` by the kernels.

    Raises:
        TypeError: the cell can't be compiled, or the optimizer isn't known; in words.
    """

    def __init__(self, module: Learner) -> None:
        self.module = module
        optimizer = cast(Optimizer, module.optimizers(use_pl_optimizer=False))
        rule = rule_of(optimizer, module.clipping, module.reduction)
        if rule is None:
            name = type(optimizer).__name__
            raise TypeError(f"{name} with these options is not among the compiled optimizers")
        self.rule, self.optimizer = rule, optimizer
        self.network = FlatNetwork(module.classifier, usable_threads())
        cell = module.classifier.cell
        named, place = dict(cell.named_parameters()), self.network.place
        found = [(place(named[one.parameter]), one.first, one.width) for one in parts(cell)]
        self._parts = np.array(found)
        self._first, self._second = self.network.empty(), self.network.empty()
        self._best = self.network.empty()
        self._known: dict[int, tuple[Array, Array]] = {}
        self._taken = 0
        self._held = self._ahead = False  # of torch: moments and counts; weights

    def _take(self) -> None:
        """Weights, moments and counts from torch, unless they are here."""
        if self._held:
            return
        network = self.network
        self.reload()
        for rows, name in zip((self._first, self._second), moments(self.rule), strict=True):
            if name is not None:
                network.write(rows, self._states(name))
        self._taken = steps_taken(self.optimizer)
        self._held = True

    def reload(self) -> None:
        self._ahead = False
        self.network.write(self.network.weights, self.network.tensors)

    def _states(self, name: str) -> list[Tensor | None]:
        return [
            state_of(self.optimizer, self.rule, one)[name] if one.requires_grad else None
            for one in self.network.tensors
        ]

    def show(self) -> None:
        if self._ahead:
            tensors = self.network.tensors
            self.network.read(
                self.network.weights, [one if one.requires_grad else None for one in tensors]
            )
        self._ahead = False

    def finish(self) -> None:
        self.show()
        if not self._held:
            return
        for rows, name in zip((self._first, self._second), moments(self.rule), strict=True):
            if name is not None:
                self.network.read(rows, self._states(name))
        if self.rule.optimizer != SGD:  # which alone doesn't count
            for tensor in self.network.tensors:
                if tensor.requires_grad:
                    state_of(self.optimizer, self.rule, tensor)["step"].fill_(float(self._taken))
        self._held = False

    def steps(self, course: Course, number: int, index: int, count: int, norms: bool) -> Steps:
        done = []
        while count > 0:
            number, index = number + index // course.steps, index % course.steps
            some = count if course.draw is None else min(count, FRESH * course.steps - index)
            done.append(self._some(course, number, index, some, norms))
            index, count = index + some, count - some
        return joined(done)

    def _some(self, course: Course, number: int, index: int, count: int, norms: bool) -> Steps:
        """Steps within few passes; `index` is that of the first within pass `number`."""
        self._take()
        network, module = self.network, self.module
        passes = range(number, number + (index + count - 1) // course.steps + 1)
        digits, labels, order = self._read(course, passes)
        frozen = (module.diverged_step >= 0).numpy()
        if frozen.any():
            network.write(self._best, tensors_of(module.best).values())
        examples = Examples(digits, labels, order, course.batch_size, course.steps)
        rows = Rows(network.weights, self._first, self._second, self._best, frozen)
        wanted = self._parts if norms else None
        records = records_for(count, network.replicas, network.dtype, wanted)
        network.run(self.rule, examples, rows, records, index, self._taken)
        self._taken += count
        self._ahead = True
        begins = (index + np.arange(count)) % course.steps * course.batch_size
        size = course.train.labels.shape[1]
        seen = int(np.minimum(course.batch_size, size - begins).sum())
        measured = None
        if norms:
            both = torch.from_numpy(records.norms).permute(2, 0, 3, 1)
            measured = (both[0], both[1])
        right = torch.from_numpy(records.right.sum(0))
        return Steps(torch.from_numpy(records.losses), right, seen, measured)

    def _read(self, course: Course, passes: range) -> tuple[Array, Array, Array]:
        """Digits, labels, and which of them come when in each pass [R, Q, N]."""
        size = course.train.labels.shape[1]
        if course.order is None:
            order = np.arange(size, dtype=np.int64).reshape(1, 1, -1)
        else:
            order = np.stack([course.order(one).numpy() for one in passes], axis=1)
        if course.draw is None:
            return *self._small(course.train), order
        # The passes' own examples lie one after the other.
        each = [course.draw(one) for one in passes]
        digits = np.concatenate([one.digits.to(torch.uint8).numpy() for one in each], axis=1)
        labels = np.concatenate([one.labels.numpy() for one in each], axis=1)
        return digits, labels, order + np.arange(len(passes))[:, None] * size

    def _small(self, batch: Batch) -> tuple[Array, Array]:
        """Digits as single bytes, converted once for each set of examples, and labels."""
        key = batch.digits.data_ptr()
        if key not in self._known:
            self._known[key] = (
                batch.digits.to(torch.uint8).contiguous().numpy(),
                batch.labels.contiguous().numpy(),
            )
        return self._known[key]

    def measure(self, batch: Batch, piece: int) -> tuple[Tensor, Tensor]:
        self._take()
        losses, right, _ = self.network.answer(*self._small(batch), piece)
        accuracies = torch.from_numpy(right).to(torch.get_default_dtype()) / batch.labels.shape[1]
        return torch.from_numpy(losses), accuracies

    def states(self, batch: Batch) -> Tensor:
        self._take()
        digits = batch.digits.to(torch.uint8).contiguous().numpy()
        labels = batch.labels.contiguous().numpy()
        _, _, states = self.network.answer(digits, labels, batch.labels.shape[1], states=True)
        return torch.from_numpy(states)
