"""What training counts, keeps and tells, in small numbers worked out by hand."""

import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch import Tensor, tensor

from digitsum.network.cells import GRU, LSTM, SRN, IndRNN
from digitsum.training import progress, standing
from digitsum.training.clipping import Clipping
from digitsum.training.counting import count_passes, count_steps, steps_left
from digitsum.training.curves import NAMES, Curves
from digitsum.training.learner import copy_replicas, mark_diverged
from digitsum.training.loss import replica_accuracies, replica_losses
from digitsum.training.norms import gradient_norms, parts
from digitsum.training.onlooker import Onlooker, needs_each_pass, needs_each_step, onlookers
from digitsum.training.progress import Progress, steps_in_all
from digitsum.training.scalars import scalars
from digitsum.training.since import Since
from digitsum.training.ways.optimizers import moments, rule_of, steps_taken
from digitsum.training.ways.way import Steps, joined

from ..networks import classifier

NAN, INF = math.nan, math.inf


def _equal(found: dict[str, Tensor], expected: dict[str, list[float]]) -> None:
    assert {name: one.tolist() for name, one in found.items()} == {
        name: pytest.approx(values) for name, values in expected.items()
    }


def test_losses_are_reduced_over_each_replicas_own_batch() -> None:
    third, sure = [0.0, 0.0, 0.0], [0.0, math.log(2), 0.0]  # softmax 1/3 each; 1/4, 1/2, 1/4
    logits = tensor([[third, third], [sure, sure]])
    labels = tensor([[0, 2], [1, 0]])
    each = [math.log(3), (math.log(2) + math.log(4)) / 2]
    assert replica_losses(logits, labels).tolist() == pytest.approx(each)
    assert replica_losses(logits, labels, "sum").tolist() == pytest.approx([2 * e for e in each])
    assert replica_accuracies(logits, labels).tolist() == [0.5, 0.5]  # a tie is the first
    assert replica_accuracies(logits[1:], tensor([[1, 1]])).tolist() == [1.0]


def test_train_values_are_means_since_the_last_look() -> None:
    since = Since()
    assert (since.steps, since.state()) == (0, ())
    since.add(tensor([[1.0, 4.0], [3.0, 0.0]]), tensor([1, 2]), 4)
    since.add(tensor([[5.0, 2.0]]), tensor([0, 1]), 2)
    expected = {"train_loss": [3.0, 2.0], "train_accuracy": [1 / 6, 1 / 2]}
    for one in (since, Since.from_state(since.state())):
        assert one.steps == 3
        assert one.losses().tolist() == [[1, 4], [3, 0], [5, 2]]
        _equal(one.means(), expected)
    assert Since.from_state(()).steps == 0
    # Version 0.1 kept what was answered: replica 0 has one of two right, replica 1 both.
    logits = tensor([[[2.0, 1.0], [2.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
    old = Since.from_state((tensor([[1.0, 1.0]]), logits, tensor([[0, 1], [1, 0]])))
    _equal(old.means(), {"train_loss": [1.0, 1.0], "train_accuracy": [0.5, 1.0]})


def test_a_mean_is_taken_in_doubles() -> None:
    since = Since()
    since.add(tensor([[1e8]] + [[1.0]] * 9), tensor([0]), 1)
    assert since.means()["train_loss"].item() == np.float32((1e8 + 9) / 10)


def test_curves_keep_each_look_by_name() -> None:
    curves = Curves()
    assert curves.arrays()["step"].tolist() == []
    looks = {10: 0.0, 20: 100.0}
    for step, more in looks.items():
        values = {name: tensor([i + more, i + more + 0.5]) for i, name in enumerate(NAMES)}
        curves.append(step, **values)
    told = Curves.from_state(curves.state())
    told.append(30, **{name: tensor([7.0, 8.0]) for name in NAMES})
    for index, (step, point) in enumerate(told.points()):
        assert step == (10, 20, 30)[index]
        if step < 30:
            _equal(
                point, {n: [i + looks[step], i + looks[step] + 0.5] for i, n in enumerate(NAMES)}
            )
    arrays = told.arrays()
    assert arrays["step"].tolist() == [10, 20, 30]
    assert arrays["step"].dtype == np.int64
    assert arrays["dev_loss"].tolist() == [[2.0, 2.5], [102.0, 102.5], [7.0, 8.0]]
    assert list(arrays) == ["step", *NAMES]


def test_scalars_are_means_and_bounds_of_those_that_are_known() -> None:
    # Of two replicas a resampled mean is the lower, the middle or the higher, by 1/4, 1/2, 1/4.
    found = scalars({"dev_loss": tensor([0.25, NAN, 0.75]), "train_accuracy": tensor([INF])})
    low, high = "with_interval/dev_loss_low", "with_interval/dev_loss_high"
    assert found == {"dev/loss": 0.5, low: 0.25, high: 0.75}
    assert scalars({"dev_loss": tensor([0.25])}) == {"dev/loss": 0.25}


def test_steps_of_a_fit_that_are_left() -> None:
    def left(passes: int | None, taken: int, most: int, step: int) -> int:
        given = {"max_epochs": passes, "current_epoch": taken, "max_steps": most}
        return steps_left(cast(Any, SimpleNamespace(**given, global_step=step)), 5)

    assert left(10, 3, -1, 15) == 35
    assert left(10, 3, 20, 15) == 5
    assert left(10, 3, 100, 15) == 35
    assert left(10, 10, -1, 50) == 5  # Lightning takes one pass at least
    assert left(0, 0, -1, 0) == 5
    assert left(10, 3, 0, 0) == 0
    assert left(-1, 3, 40, 15) == left(None, 3, 40, 15) == 25
    assert left(-1, 3, -1, 15) == sys.maxsize


def test_steps_of_a_fit_in_all() -> None:
    def in_all(passes: int | None, most: int) -> int | None:
        data = SimpleNamespace(steps_per_epoch=38)
        given = {"max_epochs": passes, "max_steps": most, "datamodule": data}
        return steps_in_all(cast(Any, SimpleNamespace(**given)))

    assert in_all(500, -1) == 19_000
    assert in_all(500, 100) == 100
    assert in_all(2, 100) == 76
    assert in_all(-1, 100) == in_all(None, 100) == 100
    assert in_all(-1, -1) is None


def test_counting_tells_all_of_lightnings_counters() -> None:
    loop = pl.Trainer(logger=False, accelerator="cpu", enable_checkpointing=False).fit_loop
    trainer = cast(Any, SimpleNamespace(fit_loop=loop))
    for count in (7, 5):
        count_steps(trainer, count)
        count_passes(trainer, count)
    steps = loop.epoch_loop.manual_optimization.optim_step_progress
    for one in (steps.total, steps.current):
        assert (one.ready, one.completed) == (12, 12)
    for each in (loop.epoch_progress.total, loop.epoch_progress.current):
        assert (each.ready, each.started, each.processed, each.completed) == (12, 12, 12, 12)


def test_a_replica_has_diverged_at_its_first_step_that_is_not_finite() -> None:
    """Steps 8, 9 and 10: well; from 9 on; from 8 on; at 10; only what came of 10; long before."""
    losses = tensor(
        [
            [1.0, 1.0, INF, 1.0, 1.0, NAN],
            [1.0, NAN, 1.0, 1.0, 1.0, NAN],
            [1.0, NAN, NAN, INF, 1.0, NAN],
        ]
    )
    dev = tensor([1.0, NAN, 1.0, 1.0, NAN, NAN])
    steps = tensor([-1, -1, -1, -1, -1, 3])
    mark_diverged(steps, losses, dev, 10)
    assert steps.tolist() == [-1, 9, 8, 10, 10, 3]
    well = tensor([-1, 5])
    mark_diverged(well, tensor([[1.0, NAN]]), tensor([1.0, 1.0]), 20)
    assert well.tolist() == [-1, 5]


def test_replicas_are_copied_whole_and_alone() -> None:
    one, other = classifier(SRN, 3), classifier(SRN, 3)
    with torch.no_grad():
        for parameter in one.parameters():
            parameter += 1.0
    before = [parameter.clone() for parameter in other.parameters()]
    copy_replicas(one, other, tensor([False, True, False]))
    for new, old, now in zip(one.parameters(), before, other.parameters(), strict=True):
        assert torch.equal(now[1], new[1])
        assert torch.equal(now[[0, 2]], old[[0, 2]])


def test_some_steps_then_others_are_all_of_them() -> None:
    one = Steps(tensor([[1.0]]), tensor([3]), 4, (tensor([[[1.0]]]), tensor([[[2.0]]])))
    other = Steps(tensor([[5.0]]), tensor([2]), 6, (tensor([[[3.0]]]), tensor([[[4.0]]])))
    both = joined([one, other])
    assert (both.losses.tolist(), both.right.tolist(), both.seen) == ([[1.0], [5.0]], [5], 10)
    assert both.norms is not None
    assert [each.flatten().tolist() for each in both.norms] == [[1.0, 3.0], [2.0, 4.0]]
    assert joined([one]) is one
    plain = joined([one._replace(norms=None), other._replace(norms=None)])
    assert plain.norms is None


def test_parts_are_named_by_gate_and_layer() -> None:
    def names(kind: Any) -> list[str]:
        return [one.name for one in parts(classifier(kind, 1).cell)]

    assert names(SRN) == ["W", "U", "b"]
    assert names(LSTM) == [f"{name}_{gate}" for name in "WUb" for gate in "ifgo"]
    assert names(IndRNN) == ["W", "b", "u"]
    gru = parts(classifier(GRU, 1).cell)
    assert "d" in [one.name for one in gru]
    hidden = classifier(GRU, 1).cell.hidden_size
    of_w = [(one.first, one.width) for one in gru if one.parameter == "W"]
    assert of_w == [(0, hidden), (hidden, hidden), (2 * hidden, hidden)]


def test_norms_are_of_each_part_then_of_all_that_is_trained() -> None:
    network = classifier(LSTM, 2)
    for number, parameter in enumerate(network.parameters(), 1):
        parameter.grad = torch.full_like(parameter, float(number))
        parameter.grad[1] *= 2  # the second replica's
    cell, own = network.cell, dict(network.cell.named_parameters())
    expected = []
    for part in parts(cell):
        shape, value = own[part.parameter].shape, own[part.parameter].grad
        assert value is not None
        size = math.prod(shape[1:]) // 4
        expected.append(math.sqrt(size) * float(value[0].flatten()[0]))
    squares = [float(p.grad[0].square().sum()) for p in network.parameters() if p.grad is not None]
    expected.append(math.sqrt(sum(squares)))
    norms = gradient_norms(network)
    assert norms[:, 0].tolist() == pytest.approx(expected)
    assert norms[:, 1].tolist() == pytest.approx([2 * one for one in expected])
    own["U"].grad = None
    without = gradient_norms(network)
    assert [bool(one == 0) for one in without[:, 0]] == [
        part.parameter == "U" for part in parts(cell)
    ] + [False]


class _AtASteps(pl.Callback):
    def on_after_backward(self, trainer: Any, pl_module: Any) -> None:
        """Of a step."""


class _AtAPass(pl.Callback):
    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Of a pass."""


class _Patient(Onlooker, _AtAPass):
    every = 3


class _Impatient(_Patient):
    patient = False


@pytest.mark.parametrize(
    ("kinds", "each_step", "each_pass"),
    [
        ([], False, False),
        ([_AtASteps], True, False),
        ([_AtAPass], False, True),
        ([_Patient], False, False),
        ([_Impatient], False, True),
        ([_Patient, _AtAPass, _AtASteps], True, True),
    ],
)
def test_whoever_has_hooks_is_waited_for(
    kinds: list[Any], each_step: bool, each_pass: bool
) -> None:
    callbacks = [kind() for kind in kinds]
    told = {"callbacks": callbacks, "_detect_anomaly": False, "enable_validation": False}
    trainer = cast(Any, SimpleNamespace(**told))
    assert (needs_each_step(trainer), needs_each_pass(trainer)) == (each_step, each_pass)
    assert onlookers(trainer) == [one for one in callbacks if isinstance(one, Onlooker)]
    trainer._detect_anomaly = trainer.enable_validation = True
    assert needs_each_step(trainer)
    assert needs_each_pass(trainer)


def _trainer(step: int, passes: int = 10) -> Any:
    data = SimpleNamespace(steps_per_epoch=40)
    return SimpleNamespace(global_step=step, max_epochs=passes, max_steps=-1, datamodule=data)


def test_lines_tell_the_step_the_accuracy_and_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    curves, bar = Curves(), Progress(lines=True)
    module = cast(Any, SimpleNamespace(curves=curves))
    nothing = {name: tensor([NAN, NAN, NAN]) for name in NAMES}
    curves.append(10, **nothing)  # of the run that is resumed: told before
    bar.on_train_start(_trainer(20), module)
    for step, dev in ((60, [0.25, NAN, 0.75]), (100, [NAN] * 3), (140, [0.5, NAN, NAN])):
        curves.append(step, **nothing | {"dev_accuracy": tensor(dev)})
    now[0] += 4.0  # of 40 steps; 340 are left at 60, 300 at 100, 260 at 140
    bar.on_train_epoch_end(_trainer(140), module)
    bar.on_train_epoch_end(_trainer(140), module)
    assert capsys.readouterr().err.splitlines() == [
        "step 60 of 400 · dev accuracy 0.500 [0.250, 0.750] · 34 s left",
        "step 100 of 400 · dev accuracy - · 15 s left",
        "step 140 of 400 · dev accuracy 0.500 · 8.7 s left",
    ]
    silent = Progress()
    silent.on_train_start(_trainer(0), module)
    silent.on_train_epoch_end(_trainer(140), module)
    endless = Progress(lines=True)
    endless.on_train_start(_trainer(140, -1), module)
    curves.append(180, **nothing)
    endless.on_train_epoch_end(_trainer(180, -1), module)
    assert capsys.readouterr().err == "step 180 · dev accuracy -\n"


def test_on_a_terminal_a_bar_goes_on_from_where_the_run_did(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    curves, bar = Curves(), Progress(lines=True)
    module = cast(Any, SimpleNamespace(curves=curves))
    bar.on_train_start(_trainer(20), module)
    try:
        assert bar.bar is not None
        assert bar.bar.console.stderr
        assert bar.bar.live.transient  # it leaves no line behind
        (task,) = bar.bar.tasks
        assert (task.completed, task.total, task.fields) == (20, 400, {"dev": "-"})
        bar.on_train_epoch_end(_trainer(60), module)
        assert (task.completed, task.fields["dev"]) == (60, "-")
        nothing = {name: tensor([NAN, NAN, NAN]) for name in NAMES}
        for step, dev in ((60, 0.25), (100, 0.5)):
            curves.append(step, **nothing | {"dev_accuracy": tensor([dev, NAN, dev + 0.25])})
        bar.on_train_epoch_end(_trainer(100), module)
        assert (task.completed, task.fields["dev"]) == (100, "0.625")
    finally:
        bar.teardown(_trainer(100), module, "fit")
    assert bar.bar is None
    bar.on_exception(_trainer(100), module, KeyboardInterrupt())  # there is none any more
    assert "step 100" not in capsys.readouterr().err  # lines are for where no bar is


def test_a_bar_adds_what_comes_after_it() -> None:
    task = cast(Any, SimpleNamespace(time_remaining=30.0))
    assert progress.InAll().render(task).plain == ""
    progress.behind(90.0)
    try:
        assert progress.InAll().render(task).plain == "· in all 2 min"
        task.time_remaining = None
        assert progress.InAll().render(task).plain == ""
    finally:
        progress.behind(0.0)


def test_a_standing_is_where_training_is_and_its_pace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [50.0]
    monkeypatch.setattr(standing.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(standing.time, "time", lambda: 1_000.0 + now[0])
    curves = Curves()
    module = cast(Any, SimpleNamespace(curves=curves))
    told = standing.Standing(str(tmp_path), seconds=5.0)

    def there() -> Any:
        return json.loads((tmp_path / standing.NAME).read_text(encoding="utf-8"))

    told.on_train_start(_trainer(100), module)
    first = {"step": 100, "steps": 400, "dev_accuracy": None, "per_step": None, "told": 1050.0}
    assert there() == first | {"running": True}
    values = {name: tensor([0.25, NAN, 0.5]) for name in NAMES}
    curves.append(150, **values)
    now[0] = 54.0
    told.on_train_epoch_end(_trainer(150), module)
    assert there()["step"] == 100  # not five seconds yet
    now[0] = 55.0
    told.on_train_epoch_end(_trainer(150), module)
    second = {"step": 150, "steps": 400, "dev_accuracy": 0.375, "per_step": 0.1, "told": 1055.0}
    assert there() == second | {"running": True}
    now[0] = 56.0
    told.on_exception(_trainer(160), module, KeyboardInterrupt())
    third = second | {"step": 160, "per_step": 0.1, "told": 1056.0, "running": False}
    assert there() == third
    nowhere = standing.Standing(str(tmp_path / "none"))
    nowhere.on_train_start(_trainer(0), module)  # it can't tell, and the training goes on


WEIGHT = [torch.nn.Parameter(torch.ones(2))]


@pytest.mark.parametrize(
    ("optimizer", "rule", "named"),
    [
        (
            torch.optim.SGD(WEIGHT, lr=0.5, momentum=0.9, weight_decay=0.25),
            (1, 0.5, 0.25, 0.9, 0.0, 0.0),
            ("momentum_buffer", None),
        ),
        (torch.optim.SGD(WEIGHT, lr=0.5), (1, 0.5, 0.0, 0.0, 0.0, 0.0), (None, None)),
        (
            torch.optim.Adam(WEIGHT, lr=0.5, betas=(0.75, 0.875), eps=0.125, weight_decay=0.25),
            (2, 0.5, 0.25, 0.75, 0.875, 0.125),
            ("exp_avg", "exp_avg_sq"),
        ),
        (
            torch.optim.AdamW(WEIGHT, lr=0.5, betas=(0.75, 0.875), eps=0.125, weight_decay=0.25),
            (3, 0.5, 0.25, 0.75, 0.875, 0.125),
            ("exp_avg", "exp_avg_sq"),
        ),
        (
            torch.optim.RMSprop(WEIGHT, lr=0.5, alpha=0.75, eps=0.125, weight_decay=0.25),
            (4, 0.5, 0.25, 0.75, 0.0, 0.125),
            (None, "square_avg"),
        ),
    ],
)
def test_an_optimizers_settings_are_read_in_their_places(
    optimizer: torch.optim.Optimizer, rule: tuple[float, ...], named: tuple[str | None, str | None]
) -> None:
    """0 is no step, then in the order of the kernels: SGD, Adam, AdamW, RMSprop."""
    plain = rule_of(optimizer, Clipping(), "mean")
    assert plain == (*rule, 0, 0.0, True)
    assert plain is not None
    assert moments(plain) == named
    for number, algorithm in enumerate(("norm", "tensor_norm", "value"), 1):
        found = rule_of(optimizer, Clipping(20.0, cast(Any, algorithm)), "sum")
        assert found == (*rule, number, 20.0, False)
    two = type(optimizer)([{"params": WEIGHT}, {"params": [torch.nn.Parameter(torch.ones(1))]}])  # type: ignore[call-arg]
    assert rule_of(two, Clipping(), "mean") is None


@pytest.mark.parametrize(
    "optimizer",
    [
        torch.optim.SGD(WEIGHT, lr=0.5, momentum=0.9, nesterov=True),
        torch.optim.SGD(WEIGHT, lr=0.5, momentum=0.9, dampening=0.5),
        torch.optim.SGD(WEIGHT, lr=0.5, maximize=True),
        torch.optim.Adam(WEIGHT, amsgrad=True),
        torch.optim.Adam(WEIGHT, lr=tensor(0.5), capturable=True),
        torch.optim.Adam(WEIGHT, lr=tensor(0.5)),
        torch.optim.Adam(WEIGHT, differentiable=True),
        torch.optim.RMSprop(WEIGHT, centered=True),
        torch.optim.RMSprop(WEIGHT, momentum=0.5),
        torch.optim.Adagrad(WEIGHT),
    ],
    ids=str,
)
def test_an_optimizer_that_does_more_is_not_known(optimizer: torch.optim.Optimizer) -> None:
    assert rule_of(optimizer, Clipping(), "mean") is None


def test_an_optimizer_knows_how_often_it_stepped() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    adam = torch.optim.Adam([weight])
    assert steps_taken(adam) == 0
    for _ in range(3):
        weight.grad = torch.ones(2)
        adam.step()
    assert steps_taken(adam) == 3
