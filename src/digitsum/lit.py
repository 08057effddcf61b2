"""The LightningModule: trains R replicas at once and keeps each one's best."""

import copy
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Literal, cast

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from digitsum.classifier import Classifier
from digitsum.clipping import Clipping
from digitsum.counting import count_passes, count_steps
from digitsum.curves import Curves
from digitsum.data import Batch, Course
from digitsum.loss import Reduction, replica_accuracies
from digitsum.onlooker import Onlooker, needs_each_pass, needs_each_step, onlookers
from digitsum.plain import PlainWay, Steps
from digitsum.scalars import scalars, tag
from digitsum.since import Since

Recurrence = Literal["fast", "reference"]
STRETCH = 0.25  # seconds until Lightning has its turn, where nobody needs one after each pass


class LitDigitSum(pl.LightningModule):
    """Manual optimisation over one or several passes at a time.

    Lightning's own cost per step exceeds that of a small cell's, so a training batch is all there
    is to learn from (`digitsum.data.Course`), and a training step goes through it pass after pass
    until it is time to look up. `global_step`, `max_steps`, `current_epoch`, `max_epochs` and
    `limit_train_batches` (a whole number) count optimizer steps and passes as ever.

    Dev examples are evaluated every `evaluate_every` optimizer steps and at the last; `best`
    then takes the weights of those replicas whose dev accuracy is strictly the best so far. That
    is the network that `test` and `validate` measure.

    A replica whose loss stops being finite has diverged: at the next evaluation it goes back to
    its best weights and stays there. The others never notice.

    Args:
        classifier: R networks side by side.
        optimizer: parameters -> optimizer; must be elementwise, as torch's are.
        reduction: of the cross-entropy over a batch.
        clipping: per replica.
        evaluate_every: optimizer steps between two evaluations.
        hparams: plain scalars to keep in checkpoints, for people who find one.
        recurrence: `fast` trains by the compiled kernels where they can (on the CPU, with an
            optimizer they know, and no callback that needs autograd's gradients); `reference` by
            autograd, one step after another. They are equal but for rounding.
    """

    def __init__(
        self,
        classifier: Classifier,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        reduction: Reduction = "mean",
        clipping: Clipping | None = None,
        evaluate_every: int = 100,
        hparams: dict[str, str | float | int | bool | None] | None = None,
        recurrence: Recurrence = "fast",
    ) -> None:
        super().__init__()
        self.save_hyperparameters(hparams or {})
        self.automatic_optimization = False
        self.classifier = classifier
        self.best = copy.deepcopy(classifier).requires_grad_(False)
        self.make_optimizer = optimizer
        self.reduction = reduction
        self.clipping = clipping or Clipping()
        self.evaluate_every = evaluate_every
        self.recurrence = recurrence
        self.curves = Curves()
        self.measured: dict[str, Tensor] = {}  # split -> accuracies [R] of the kept weights
        self.course: Course | None = None
        self.way: Any = PlainWay(self)
        self._since = Since()  # the last evaluation
        self._threads = torch.get_num_threads()
        replicas = len(classifier.cell.W)
        self.best_accuracy: Tensor
        self.best_step: Tensor
        self.diverged_step: Tensor
        self.register_buffer("best_accuracy", torch.full((replicas,), -1.0))
        self.register_buffer("best_step", torch.zeros(replicas, dtype=torch.long))
        self.register_buffer("diverged_step", torch.full((replicas,), -1))

    def forward(self, digits: Tensor) -> Tensor:
        """Sequences [R, B, T] -> logits [R, B, C] of the weights in training."""
        return cast(Tensor, self.classifier(digits))

    def configure_optimizers(self) -> Optimizer:
        return self.make_optimizer(self.classifier.parameters())

    def on_fit_start(self) -> None:
        """A resumed run's loggers get the curves from the start, also where no step is left."""
        self._threads = torch.get_num_threads()
        for step, point in self.curves.points():
            for logger in self.loggers:
                logger.log_metrics(scalars(point), step)

    def on_train_start(self) -> None:
        """Chooses the way: when weights and optimizer are where they will stay."""
        self.way = PlainWay(self)
        if self.recurrence == "fast" and self.device.type == "cpu":
            if not needs_each_step(self.trainer):
                # Imported here: Numba is not for those who never train.
                from digitsum.compiled import CompiledWay

                try:
                    self.way = CompiledWay(self)
                except TypeError as reason:
                    print(f"trained the plain, slower way: {reason}", file=sys.stderr, flush=True)
            # Ours are threads of its own; torch's products here are too small to share out.
            torch.set_num_threads(1)

    def on_fit_end(self) -> None:
        torch.set_num_threads(self._threads)

    def training_step(self, course: Course, batch_idx: int) -> None:
        """Passes over the training examples, with the evaluations that fall into them."""
        trainer, begun = self.trainer, time.monotonic()
        self.course = course
        first, number = self.global_step, self.global_step // course.steps
        watching, each_pass = onlookers(trainer), needs_each_pass(trainer)
        norms = any(one.wants_norms for one in watching)
        last = self._steps_left(course)
        taken, point = 0, None
        while taken < last:
            if each_pass or trainer.should_stop or time.monotonic() - begun > STRETCH:
                last = min(last, -(-max(taken, 1) // course.steps) * course.steps)
                if taken == last:
                    break
            step = first + taken
            self._look(watching, course, number, taken)
            periods = [self.evaluate_every, *(one.every for one in watching if one.every)]
            count = min(last - taken, *(period - step % period for period in periods))
            done = self.way.steps(course, number, taken, count, norms)
            self._note(done, step, watching)
            taken += count
            if self.global_step % self.evaluate_every == 0:
                point = self._evaluate(course.dev)
        self.way.finish()
        count_passes(trainer, -(-taken // course.steps) - 1)
        if point is not None:
            means = {tag(name): values.nanmean() for name, values in point.items()}
            self.log_dict(means, logger=False)  # for callbacks that monitor

    def _steps_left(self, course: Course) -> int:
        """Until the fit ends, by either of Lightning's limits."""
        trainer, left = self.trainer, sys.maxsize
        if trainer.max_epochs is not None and trainer.max_epochs >= 0:
            left = max(1, trainer.max_epochs - trainer.current_epoch) * course.steps
        return min(left, trainer.max_steps - self.global_step) if trainer.max_steps >= 0 else left

    def _look(self, watching: list[Onlooker], course: Course, number: int, taken: int) -> None:
        due = [one for one in watching if one.every and self.global_step % one.every == 0]
        if due:
            self.way.show()
            batch = course.batches(number + taken // course.steps)[taken % course.steps]
            for one in due:
                one.look(self, batch)

    def _note(self, done: Steps, step: int, watching: list[Onlooker]) -> None:
        self._since.add(done.losses, done.right, done.seen)
        if self.global_step == step:  # torch's optimizer wasn't called
            count_steps(self.trainer, len(done.losses))
        for one in watching:
            if one.wants_norms and done.norms is not None:
                one.norms(step + 1, *done.norms)

    def on_train_end(self) -> None:
        """The last step is evaluated too, wherever training stopped."""
        if self._since.steps and self.course is not None:
            self._evaluate(self.course.dev)
            self.way.finish()

    @torch.no_grad()
    def _evaluate(self, dev: Batch) -> dict[str, Tensor]:
        """One point of the curves [R]; keeps the best weights; marks who diverged."""
        assert self.course is not None
        dev_loss, dev_accuracy = self.way.measure(dev, self.course.batch_size)
        losses = self._since.losses()
        if not (losses.isfinite().all() and dev_loss.isfinite().all()):
            finite = losses.isfinite()
            first_bad = self.global_step - len(losses) + 1 + finite.long().argmin(0)
            newly = (~finite.all(0) | ~dev_loss.isfinite()) & (self.diverged_step < 0)
            self.diverged_step.copy_(torch.where(newly, first_bad, self.diverged_step))
        diverged = self.diverged_step >= 0

        better = (dev_accuracy > self.best_accuracy) & ~diverged
        if better.any():
            self.way.show()
            self.best_accuracy.copy_(torch.where(better, dev_accuracy, self.best_accuracy))
            self.best_step.masked_fill_(better, self.global_step)
            own = zip(self.best.parameters(), self.classifier.parameters(), strict=True)
            for best, now in own:
                best.copy_(torch.where(better.view(-1, *[1] * (now.dim() - 1)), now, best))
        point = {
            "train_loss": losses.mean(0),
            "train_accuracy": self._since.accuracies(),
            "dev_loss": dev_loss,
            "dev_accuracy": dev_accuracy,
        }
        if diverged.any():
            self.way.show()
            self.restore_diverged()
            self.way.reload()
            point = {name: value.masked_fill(diverged, torch.nan) for name, value in point.items()}
        self._since = Since()
        self.curves.append(self.global_step, **point)
        for logger in self.loggers:
            logger.log_metrics(scalars(point), self.global_step)
        return point

    @torch.no_grad()
    def restore_diverged(self) -> None:
        """Replicas that have diverged go back to their best weights."""
        diverged = self.diverged_step >= 0
        if diverged.any():
            for best, now in zip(self.best.parameters(), self.classifier.parameters(), strict=True):
                now[diverged] = best[diverged]

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The kept weights on the dev examples: accuracies [R]."""
        return self._measure("dev", batch)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The kept weights on the test examples: accuracies [R]."""
        return self._measure("test", batch)

    def _measure(self, split: str, batch: Batch) -> Tensor:
        accuracies = replica_accuracies(self.best(batch.digits), batch.labels)
        self.measured[split] = accuracies
        self.log(f"{split}/accuracy_of_best", accuracies.mean(), logger=False)
        return accuracies

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what isn't a weight: the curves, and the steps since the last evaluation."""
        checkpoint["curves"] = self.curves.state()
        checkpoint["since"] = self._since.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes it back. Weights, optimizer and counters are Lightning's."""
        self.curves = Curves.from_state(checkpoint["curves"])
        self._since = Since.from_state(checkpoint["since"])
