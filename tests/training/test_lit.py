"""Training: replicas, counting of steps, best weights, divergence, resuming."""

from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import pytest
import torch

from digitsum.network.cells import SRN, Cell, SRNResidual
from digitsum.training.clipping import Clipping
from digitsum.training.lit import LitDigitSum, Recurrence

from ..networks import CELLS, data, module, trainer


# Clipping knows of no cell: without it two of them answer for all.
@pytest.mark.parametrize(
    ("kind", "clip"), [*((kind, 0.5) for kind in CELLS), (SRN, None), (SRNResidual, None)]
)
def test_replica_i_is_what_its_seed_alone_would_be(
    kind: type[Cell], clip: float | None, tmp_path: Path
) -> None:
    clipping = Clipping(clip)
    together, shared = module(kind, 4, clipping=clipping).double(), data(tmp_path, 4, shuffle=True)
    start = [p.clone() for p in together.classifier.parameters()]
    flags = {"max_steps": 100, "precision": "64-true"}
    trainer(**flags).fit(together, shared)
    curves = together.curves.arrays()
    for i in (0, 3):
        alone = module(kind, 1, seed=i, clipping=clipping).double()
        for one, other in zip(alone.classifier.parameters(), start, strict=True):
            assert torch.equal(one[0], other[i])
        own = data(tmp_path, 1, seed=i, shuffle=True)
        trainer(**flags).fit(alone, own)
        assert torch.equal(own.splits["train"].digits[0], shared.splits["train"].digits[i])
        mine, ours = (one.course().batches(3)[0].digits for one in (own, shared))
        assert torch.equal(mine[0], ours[i])
        found = alone.curves.arrays()
        assert found["step"].tolist() == list(range(10, 101, 10))
        for name in ("train_loss", "dev_loss"):
            torch.testing.assert_close(
                torch.from_numpy(found[name][:, 0]),
                torch.from_numpy(curves[name][:, i]),
                rtol=1e-6,  # they are kept in single precision
                atol=0,
            )


def fitted(tmp_path: Path, replicas: int = 2, **flags: object) -> tuple[LitDigitSum, object]:
    made, run = module(SRNResidual, replicas), trainer(**flags)
    run.fit(made, data(tmp_path, replicas))
    return made, run


# 300 examples in batches of 16 are 19 steps an epoch.
@pytest.mark.parametrize(
    ("flags", "steps"),
    [
        ({"max_epochs": 2}, 38),
        ({"max_epochs": 2, "max_steps": 25}, 25),
        ({"max_epochs": 3, "limit_train_batches": 4}, 12),
        ({"fast_dev_run": True}, 1),
        ({"fast_dev_run": 3}, 3),
        ({"max_epochs": 3, "overfit_batches": 2}, 6),
    ],
)
def test_lightnings_counting_of_optimizer_steps(
    flags: dict[str, object], steps: int, tmp_path: Path
) -> None:
    made, run = fitted(tmp_path, **flags)
    assert run.global_step == steps  # type: ignore[attr-defined]
    recorded = made.curves.arrays()["step"].tolist()
    expected = list(range(10, steps + 1, 10))
    assert recorded == (expected if steps in expected else [*expected, steps])


def test_best_is_the_first_strictly_best_and_is_what_is_tested(tmp_path: Path) -> None:
    made, run = fitted(tmp_path, 4, max_epochs=12)
    curves = made.curves.arrays()
    accuracy = torch.from_numpy(curves["dev_accuracy"])
    best = accuracy.amax(0)
    first = [int((accuracy[:, i] == best[i]).nonzero()[0]) for i in range(4)]
    assert torch.equal(made.best_accuracy, best)
    assert made.best_step.tolist() == curves["step"][first].tolist()
    examples = data(tmp_path, 4)
    run.test(made, examples, verbose=False)  # type: ignore[attr-defined]
    for split in ("dev", "test"):
        batch = examples.splits[split]  # type: ignore[index]
        by_hand = (made.best(batch.digits).argmax(-1) == batch.labels).float().mean(1)
        if split == "dev":
            assert torch.equal(by_hand, made.best_accuracy)
        else:
            assert torch.equal(by_hand, made.measured["test"])


def test_a_diverged_replica_is_frozen_and_the_others_do_not_notice(tmp_path: Path) -> None:
    healthy = module(SRN, 3)
    sick = module(SRN, 3)
    with torch.no_grad():
        sick.classifier.cell.W[1] = torch.inf
    for one in (healthy, sick):
        trainer(max_epochs=3).fit(one, data(tmp_path, 3))
    assert sick.diverged_step.tolist() == [-1, 1, -1]
    for name, values in sick.curves.arrays().items():
        if name != "step":
            assert not torch.from_numpy(values[:, 1]).isfinite().any()
            assert (values[:, [0, 2]] == healthy.curves.arrays()[name][:, [0, 2]]).all()
    for one, other in zip(healthy.parameters(), sick.parameters(), strict=True):
        assert torch.equal(one[[0, 2]], other[[0, 2]])
    for now, best in zip(sick.classifier.parameters(), sick.best.parameters(), strict=True):
        assert torch.equal(now[1], best[1])


class SaveAt(pl.Callback):
    """Saves at the end of an epoch, as the checkpoints of a run do."""

    def __init__(self, epoch: int, path: Path) -> None:
        self.epoch, self.path = epoch, path

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.current_epoch == self.epoch:
            trainer.save_checkpoint(self.path)


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_resumed_run_equals_an_uninterrupted_one(shuffle: bool, tmp_path: Path) -> None:
    whole = module(SRNResidual, 2)
    during, after = tmp_path / "during.ckpt", tmp_path / "after.ckpt"
    save = SaveAt(3, during)  # 76 steps: six of them since the last evaluation
    trainer(max_epochs=9, callbacks=[save]).fit(whole, data(tmp_path, 2, shuffle=shuffle))
    run = trainer(max_epochs=4)
    run.fit(module(SRNResidual, 2), data(tmp_path, 2, shuffle=shuffle))
    run.save_checkpoint(after)
    for path in (during, after):
        again = module(SRNResidual, 2)
        trainer(max_epochs=9).fit(
            again, data(tmp_path, 2, shuffle=shuffle), ckpt_path=path, weights_only=True
        )
        for (name, one), other in zip(
            whole.state_dict().items(), again.state_dict().values(), strict=True
        ):
            assert torch.equal(one, other), name


@pytest.mark.parametrize("recurrence", ["fast", "reference"])
def test_stopped_after_its_last_step_a_run_ends_as_it_would_have(
    recurrence: Recurrence, tmp_path: Path
) -> None:
    """Lightning takes up no run that has no step left, so that nothing would evaluate its end."""
    whole, again = module(SRNResidual, 2), module(SRNResidual, 2)
    whole.recurrence = again.recurrence = recurrence
    path = tmp_path / "last.ckpt"
    save = SaveAt(4, path)  # the last pass, of five; 95 steps: five since the last evaluation
    trainer(max_epochs=5, callbacks=[save]).fit(whole, data(tmp_path, 2))
    for _ in range(2):
        trainer(max_epochs=5).fit(again, data(tmp_path, 2), ckpt_path=path, weights_only=True)
        wanted, found = whole.curves.arrays(), again.curves.arrays()
        assert found["step"].tolist() == [*range(10, 91, 10), 95]
        for name in wanted:
            np.testing.assert_array_equal(found[name], wanted[name], name)
        for one, other in zip(
            whole.state_dict().values(), again.state_dict().values(), strict=True
        ):
            assert torch.equal(one, other)


def test_learning_happens(tmp_path: Path) -> None:
    made, _ = fitted(tmp_path, 2, max_epochs=60)
    losses = made.curves.arrays()["train_loss"]
    assert (losses[-1] < 0.5 * losses[0]).all()


class CountsPasses(pl.Callback):
    """Wants Lightning's hook after every pass."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen.append((trainer.current_epoch, trainer.global_step))


def test_several_passes_in_one_go_are_the_same_as_one_by_one(tmp_path: Path) -> None:
    together, single, counts = module(SRNResidual, 2), module(SRNResidual, 2), CountsPasses()
    runs = [trainer(max_epochs=7), trainer(max_epochs=7, callbacks=[counts])]
    for run, made in zip(runs, (together, single), strict=True):
        run.fit(made, data(tmp_path, 2, shuffle=True))
    assert counts.seen == [(i, 19 * (i + 1)) for i in range(7)]
    assert [run.current_epoch for run in runs] == [7, 7]
    assert [run.global_step for run in runs] == [133, 133]
    for one, other in zip(together.parameters(), single.parameters(), strict=True):
        assert torch.equal(one, other)
    for name, values in together.curves.arrays().items():
        assert (values == single.curves.arrays()[name]).all(), name


class StopsAt(pl.Callback):
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.should_stop = trainer.current_epoch == self.epoch


def test_lightning_stops_when_it_is_told(tmp_path: Path) -> None:
    made, run = module(SRN, 1), trainer(max_epochs=50, callbacks=[StopsAt(3)])
    run.fit(made, data(tmp_path, 1))
    assert run.global_step == 4 * 19
