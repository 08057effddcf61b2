"""The LightningModule: trains R replicas at once and keeps each one's best."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from digitsum.network.classifier import Classifier
from digitsum.task.data import Batch, Course
from digitsum.training.clipping import Clipping
from digitsum.training.counting import count_passes, count_steps, steps_left
from digitsum.training.curves import Curves
from digitsum.training.learner import Learner, mark_diverged
from digitsum.training.loss import Reduction, replica_accuracies
from digitsum.training.onlooker import Onlooker, needs_each_pass, onlookers
from digitsum.training.scalars import scalars, tag
from digitsum.training.since import Since
from digitsum.training.ways.choice import fastest_way
from digitsum.training.ways.plain import PlainWay
from digitsum.training.ways.way import Steps, Way

Recurrence = Literal["fast", "reference"]
STRETCH = 0.25  # seconds until Lightning has its turn, where nobody needs one after each pass


class LitDigitSum(Learner):
    """Manual optimisation over one or several passes at a time.

    Lightning's own cost per step exceeds that of a small cell's, so a training batch is all there
    is to learn from (`digitsum.task.data.Course`), and a training step goes through it pass after
    pass until it is time to look up. `global_step`, `max_steps`, `current_epoch`, `max_epochs` and
    `limit_train_batches` (a whole number) count optimizer steps and passes as ever.

    Dev examples are evaluated every `evaluate_every` optimizer steps and at the last; `best`
    then takes the weights of those replicas whose dev accuracy is strictly the best so far (see
    `Learner`). That is the network that `test` and `validate` measure.

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
        super().__init__(classifier, reduction, clipping or Clipping())
        self.save_hyperparameters(hparams or {})
        self.automatic_optimization = False
        self.make_optimizer = optimizer
        self.evaluate_every = evaluate_every
        self.recurrence = recurrence
        self.curves = Curves()
        self.measured: dict[str, Tensor] = {}  # split -> accuracies [R] of the kept weights
        self.course: Course | None = None
        self.way: Way = PlainWay(self)
        self._since = Since()  # the last evaluation
        self._threads = torch.get_num_threads()

    def forward(self, digits: Tensor) -> Tensor:
        """Sequences [R, B, T] -> logits [R, B, C] of the weights in training."""
        return cast(Tensor, self.classifier(digits))

    def configure_optimizers(self) -> Optimizer:
        return self.make_optimizer(self.classifier.parameters())

    def on_fit_start(self) -> None:
        """A resumed run's loggers get the curves from the start, also where no step is left."""
        self._threads, self.course = torch.get_num_threads(), None
        for step, point in self.curves.points():
            for logger in self.loggers:
                logger.log_metrics(scalars(point), step)

    def on_train_start(self) -> None:
        """Chooses the way: when weights and optimizer are where they will stay."""
        fast = self.recurrence == "fast" and self.device.type == "cpu"
        self.way = fastest_way(self) if fast else PlainWay(self)
        if fast:
            # Ours are threads of its own; torch's products here are too small to share out.
            torch.set_num_threads(1)

    def on_fit_end(self) -> None:
        """Of a run that was stopped after its last step Lightning takes up nothing any more; what
        its end would have been is made up for.
        """
        data: Any = cast(Any, self.trainer).datamodule
        if self._since.steps and self.course is None and data is not None:
            self.on_train_start()
            self.course = data.course()
            self.on_train_end()
        torch.set_num_threads(self._threads)

    def training_step(self, course: Course, batch_idx: int) -> None:
        """Passes over the training examples, with the evaluations that fall into them."""
        trainer, begun = self.trainer, time.monotonic()
        self.course = course
        first, number = self.global_step, self.global_step // course.steps
        watching, each_pass = onlookers(trainer), needs_each_pass(trainer)
        norms = any(one.wants_norms for one in watching)
        last = steps_left(trainer, course.steps)
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
        mark_diverged(self.diverged_step, losses, dev_loss, self.global_step)
        diverged = self.diverged_step >= 0

        better = (dev_accuracy > self.best_accuracy) & ~diverged
        if better.any():
            self.way.show()
            self.keep(better, dev_accuracy)
        point = self._since.means() | {"dev_loss": dev_loss, "dev_accuracy": dev_accuracy}
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

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The kept weights on the dev examples: accuracies [R]."""
        return self._measure("dev", batch)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The kept weights on the test examples: accuracies [R]."""
        return self._measure("test", batch)

    def _measure(self, split: str, batch: Batch) -> Tensor:
        accuracies = replica_accuracies(self.best(batch.digits), batch.labels)
        self.measured[split] = accuracies
        self.log(f"{split}/accuracy_of_best", accuracies.mean())
        return accuracies

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what isn't a weight: the curves, and the steps since the last evaluation."""
        checkpoint["curves"] = self.curves.state()
        checkpoint["since"] = self._since.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes it back. Weights, optimizer and counters are Lightning's."""
        self.curves = Curves.from_state(checkpoint["curves"])
        self._since = Since.from_state(checkpoint["since"], self.device)
