"""The LightningModule: trains R replicas at once, an epoch a call, and keeps each one's best."""

import copy
from collections.abc import Callable, Iterable
from typing import Any, cast

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from digitsum.classifier import Classifier
from digitsum.clipping import Clipping
from digitsum.curves import Curves
from digitsum.data import Batch, Epoch
from digitsum.loss import Reduction, replica_accuracies, replica_losses
from digitsum.recurrence import kernel_of
from digitsum.scalars import scalars, tag


class LitDigitSum(pl.LightningModule):
    """Manual optimisation over a whole epoch of mini-batches.

    Lightning's own cost per step exceeds that of a small cell's, so a training batch is an epoch
    (`digitsum.data.Epoch`). `global_step`, `max_steps`, `max_epochs` and `limit_train_batches`
    (a whole number) count optimizer steps as ever.

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
    """

    def __init__(
        self,
        classifier: Classifier,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        reduction: Reduction = "mean",
        clipping: Clipping | None = None,
        evaluate_every: int = 100,
        hparams: dict[str, str | float | int | bool | None] | None = None,
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
        self.curves = Curves()
        self.measured: dict[str, Tensor] = {}  # split -> accuracies [R] of the kept weights
        self._piece = 1
        self._threads = torch.get_num_threads()
        self.dev: Batch | None = None  # of the epoch under way, for evaluations and probes
        # Losses, logits and labels of the steps since the last evaluation, for its train values.
        self._since: list[tuple[Tensor, Tensor, Tensor]] = []
        self._frozen: Tensor | None = None  # indices of diverged replicas, where there are any
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
        classifier = self.classifier
        if kernel_of(classifier.cell, classifier.cell.W, classifier.recurrence) is not None:
            # The kernels have threads of their own; all other products are too small to share out.
            torch.set_num_threads(1)
        for step, point in self.curves.points():
            for logger in self.loggers:
                logger.log_metrics(scalars(point), step)

    def on_fit_end(self) -> None:
        torch.set_num_threads(self._threads)

    def training_step(self, epoch: Epoch, batch_idx: int) -> None:
        """All optimizer steps of an epoch, with the evaluations that fall into it."""
        optimizer = cast(Optimizer, self.optimizers())
        parameters = list(self.classifier.parameters())
        self.dev = epoch.dev
        self._piece = epoch.batches[0].labels.shape[1]
        for batch in epoch.batches:
            if self.global_step == self.trainer.max_steps:
                return
            losses, logits, backward = self.classifier.losses(
                batch.digits, batch.labels, self.reduction
            )
            for parameter in parameters:
                parameter.grad = None
            self.manual_backward(losses, backward)
            del backward  # and the trajectory with it, before the next one is allocated
            self.clipping(parameters)
            optimizer.step()
            self._since.append((losses.detach()[None], logits, batch.labels))
            if self._frozen is not None:
                self._restore(self._frozen)
            if self.global_step % self.evaluate_every == 0:
                point = self._evaluate(epoch.dev)
                means = {tag(name): values.nanmean() for name, values in point.items()}
                self.log_dict(means, logger=False)  # for callbacks that monitor

    def backward(self, loss: Tensor, way_back: Callable[[Tensor], None]) -> None:
        """What Lightning's `manual_backward` calls: the compiled way back, or autograd's."""
        way_back(loss)

    def on_train_end(self) -> None:
        """The last step is evaluated too, wherever training stopped."""
        if self._since and self.dev is not None:
            self._evaluate(self.dev)

    @torch.no_grad()
    def _evaluate(self, dev: Batch) -> dict[str, Tensor]:
        """One point of the curves [R]; keeps the best weights; marks who diverged."""
        # In pieces of a training batch's size: evaluating takes no more memory than training.
        pieces = torch.split(dev.digits, self._piece, dim=1)
        logits = torch.cat([self(piece.contiguous()) for piece in pieces], dim=1)
        dev_loss = replica_losses(logits, dev.labels)
        dev_accuracy = replica_accuracies(logits, dev.labels)
        losses, train_logits, train_labels = self._steps_since()
        self._since = []

        finite = losses.isfinite()
        first_bad = self.global_step - len(losses) + 1 + finite.long().argmin(0)
        newly = (~finite.all(0) | ~dev_loss.isfinite()) & (self.diverged_step < 0)
        self.diverged_step = torch.where(newly, first_bad, self.diverged_step)
        diverged = self.diverged_step >= 0

        better = (dev_accuracy > self.best_accuracy) & ~diverged
        self.best_accuracy = torch.where(better, dev_accuracy, self.best_accuracy)
        self.best_step = torch.where(better, self.global_step, self.best_step)
        for best, now in zip(self.best.parameters(), self.classifier.parameters(), strict=True):
            best.copy_(torch.where(better.view(-1, *[1] * (now.dim() - 1)), now, best))
        if diverged.any():
            self._frozen = diverged.nonzero().squeeze(1)
            self._restore(self._frozen)

        point = {
            "train_loss": losses.mean(0),
            "train_accuracy": replica_accuracies(train_logits, train_labels),
            "dev_loss": dev_loss,
            "dev_accuracy": dev_accuracy,
        }
        point = {name: value.masked_fill(diverged, torch.nan) for name, value in point.items()}
        self.curves.append(self.global_step, **point)
        for logger in self.loggers:
            logger.log_metrics(scalars(point), self.global_step)
        return point

    def _steps_since(self) -> tuple[Tensor, Tensor, Tensor]:
        """Since the last evaluation: losses [S, R], logits [R, N, C], labels [R, N]."""
        losses, logits, labels = zip(*self._since, strict=True)
        return torch.cat(losses), torch.cat(logits, dim=1), torch.cat(labels, dim=1)

    def _restore(self, replicas: Tensor) -> None:
        with torch.no_grad():
            for best, now in zip(self.best.parameters(), self.classifier.parameters(), strict=True):
                now[replicas] = best[replicas]

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
        checkpoint["since"] = self._steps_since() if self._since else ()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes it back. Weights, optimizer and counters are Lightning's."""
        self.curves = Curves.from_state(checkpoint["curves"])
        self._since = [tuple(checkpoint["since"])] if checkpoint["since"] else []
        diverged = checkpoint["state_dict"]["diverged_step"] >= 0
        self._frozen = diverged.nonzero().squeeze(1) if diverged.any() else None
