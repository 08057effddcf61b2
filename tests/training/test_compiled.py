"""The compiled way: equal to autograd and torch.optim, step for step, in every combination."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from digitsum.network.cells import GRU, LSTM, SRN, Cell, SRNResidual
from digitsum.network.classifier import Classifier, Readout
from digitsum.network.embedding import Embedding, Frozen, Learned, OneHot, Scalar
from digitsum.network.initialisation import replica_generators
from digitsum.task.question import SUM, Question
from digitsum.training.clipping import Clipping
from digitsum.training.lit import LitDigitSum, Recurrence
from digitsum.training.loss import Reduction
from digitsum.training.ways.compiled import CompiledWay
from digitsum.training.ways.plain import PlainWay

from ..networks import CELLS, INIT, data, trainer

Make = Callable[[Iterable[nn.Parameter]], Optimizer]
OPTIMIZERS: dict[str, Make] = {
    "adam": partial(torch.optim.Adam, lr=0.01, weight_decay=1e-3),
    "adamw": partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1),
    "sgd": partial(torch.optim.SGD, lr=0.05),
    "momentum": partial(torch.optim.SGD, lr=0.02, momentum=0.8, weight_decay=1e-3),
    "rmsprop": partial(torch.optim.RMSprop, lr=0.003, weight_decay=1e-3),
}
CLIPS = (Clipping(), Clipping(0.3), Clipping(0.2, "tensor_norm"), Clipping(0.02, "value"))
EMBEDDINGS: tuple[type[Embedding], ...] = (Frozen, Learned, OneHot, Scalar)


def made(
    kind: type[Cell],
    recurrence: Recurrence = "fast",
    optimizer: str = "adam",
    clipping: Clipping | None = None,
    embedding: type[Embedding] = Frozen,
    reduction: Reduction = "mean",
    replicas: int = 2,
    hidden: int = 9,
    dtype: torch.dtype = torch.float64,
    asked: Question = SUM,
) -> LitDigitSum:
    by = replica_generators(0, replicas)
    table = embedding(by, items=asked.items)
    cell = kind(table.size, hidden, by, INIT)
    network = Classifier(table, cell, Readout(cell.read_size, by, asked.classes))
    module = LitDigitSum(
        network, OPTIMIZERS[optimizer], reduction, clipping, 25, recurrence=recurrence
    )
    return module.to(dtype)


def trained(
    module: LitDigitSum, folder: Path, steps: int = 50, device: str = "cpu", **kwargs: Any
) -> LitDigitSum:
    replicas = len(module.classifier.cell.W)
    settings = {"batch_size": 13, "shuffle": True} | kwargs
    precision = "64-true" if module.classifier.cell.W.dtype == torch.float64 else "32-true"
    run = trainer(max_steps=steps, max_epochs=-1, precision=precision, accelerator=device)
    run.fit(module, data(folder, replicas, **settings))
    assert run.global_step == steps
    compiled = module.recurrence == "fast" and device == "cpu"
    assert isinstance(module.way, CompiledWay if compiled else PlainWay)
    return module


def same(
    one: LitDigitSum, other: LitDigitSum, rtol: float, atol: float, curves: bool = True
) -> None:
    """Weights, the optimizer's state, curves."""
    close = partial(torch.testing.assert_close, rtol=rtol, atol=atol)
    for name, tensor in one.classifier.state_dict().items():
        close(tensor, other.classifier.state_dict()[name], msg=lambda m, n=name: f"{n}: {m}")
    states = [m.optimizers(use_pl_optimizer=False).state_dict()["state"] for m in (one, other)]  # type: ignore[union-attr]
    assert states[0].keys() == states[1].keys()
    for number, state in states[0].items():
        known = {name: value for name, value in state.items() if value is not None}
        for name, value in known.items():
            close(value, states[1][number][name])
    for name, values in one.curves.arrays().items() if curves else ():
        np.testing.assert_allclose(values, other.curves.arrays()[name], rtol=1e-5, atol=1e-6)


def equal(folder: Path, dtype: torch.dtype = torch.float64, **settings: Any) -> None:
    """Both ways from the same start. In float64 they may differ by 1e-9."""
    fast, plain = (
        trained(made(recurrence=way, dtype=dtype, **settings), folder)  # type: ignore[arg-type]
        for way in ("fast", "reference")
    )
    exact = dtype == torch.float64
    same(fast, plain, *((1e-9, 1e-11) if exact else (2e-2, 2e-3)))


@pytest.mark.parametrize("kind", CELLS)
def test_every_cell(kind: type[Cell], tmp_path: Path) -> None:
    equal(tmp_path, kind=kind)
    equal(tmp_path, kind=kind, embedding=Learned, optimizer="momentum", clipping=CLIPS[1])


@pytest.mark.parametrize("kind", [SRN, SRNResidual, LSTM, GRU])
def test_in_single_precision_as_far_as_rounding_goes(kind: type[Cell], tmp_path: Path) -> None:
    equal(tmp_path, torch.float32, kind=kind)


@pytest.mark.parametrize("clipping", CLIPS, ids=lambda c: c.algorithm if c.value else "none")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_and_clipping(optimizer: str, clipping: Clipping, tmp_path: Path) -> None:
    equal(tmp_path, kind=GRU, optimizer=optimizer, clipping=clipping)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_every_embedding_and_reduction(
    embedding: type[Embedding], reduction: Reduction, tmp_path: Path
) -> None:
    settings = {"embedding": embedding, "reduction": reduction, "clipping": Clipping(1.0)}
    equal(tmp_path, kind=SRNResidual, **settings)


@pytest.mark.parametrize("hidden", [1, 8, 17, 32, 40])
@pytest.mark.parametrize("batch", [1, 8, 300, 301])
def test_every_size(hidden: int, batch: int, tmp_path: Path) -> None:
    fast, plain = (
        trained(made(SRN, way, hidden=hidden), tmp_path, 5, batch_size=batch, length=4)
        for way in ("fast", "reference")
    )
    same(fast, plain, 1e-9, 1e-11)


def test_a_frozen_parameter_stays(tmp_path: Path) -> None:
    found = []
    for way in ("fast", "reference"):
        module = made(SRN, way, embedding=Learned)  # type: ignore[arg-type]
        module.classifier.cell.W.requires_grad_(False)
        before = module.classifier.cell.W.clone()
        found.append(trained(module, tmp_path))
        assert torch.equal(module.classifier.cell.W, before)
    same(found[0], found[1], 1e-9, 1e-11)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("ways", [("fast", "reference"), ("reference", "fast")])
def test_a_checkpoint_changes_between_the_ways(
    ways: tuple[Recurrence, Recurrence], optimizer: str, tmp_path: Path
) -> None:
    examples = partial(data, tmp_path, 2, batch_size=20, shuffle=True)  # 15 steps a pass
    flags: dict[str, Any] = {"precision": "64-true"}
    first, second = (made(SRNResidual, way, optimizer) for way in ways)
    half = trainer(max_epochs=4, **flags)
    half.fit(first, examples())
    half.save_checkpoint(tmp_path / "half.ckpt")
    whole = made(SRNResidual, "reference", optimizer)
    trainer(max_epochs=8, **flags).fit(whole, examples())
    trainer(max_epochs=8, **flags).fit(
        second, examples(), ckpt_path=tmp_path / "half.ckpt", weights_only=True
    )
    # Where the first half ended it was evaluated once more; weights don't know of that.
    same(second, whole, 1e-9, 1e-11, curves=False)


@pytest.mark.parametrize("threads", [1, 2])
def test_bit_for_bit_alone_in_company_and_on_any_threads(threads: int, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        module = made(SRNResidual, replicas=5, dtype=torch.float32)
        company = trained(module, tmp_path)
    finally:
        torch.set_num_threads(before)
    for i in (0, 4):
        alone = made(SRNResidual, replicas=1, dtype=torch.float32)
        alone.load_state_dict(
            {n: v[i : i + 1] for n, v in made(SRNResidual, replicas=5).state_dict().items()}
        )
        own = data(tmp_path, 1, seed=i, batch_size=13, shuffle=True)
        trainer(max_steps=50, max_epochs=-1).fit(alone, own)
        for name, tensor in alone.classifier.state_dict().items():
            assert torch.equal(tensor[0], company.classifier.state_dict()[name][i]), name


def test_what_is_not_known_is_trained_the_plain_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = made(SRN)
    module.make_optimizer = partial(torch.optim.Adam, lr=0.01, amsgrad=True)
    trainer(max_steps=5, precision="64-true").fit(module, data(tmp_path, 2))
    assert isinstance(module.way, PlainWay)
    assert "trained the plain, slower way: Adam with these options" in capsys.readouterr().err


class Odd(SRN):
    """A step that can't be written element by element."""

    def step(self, a: Any, state: Any) -> Any:
        return (torch.softmax(a + state[0] @ self.U, -1),)


class Odder(SRN):
    """One that uses a method of tensors that symbols don't have."""

    def step(self, a: Any, state: Any) -> Any:
        return ((a + state[0] @ self.U).arctan(),)


@pytest.mark.parametrize(
    ("kind", "words"),
    [(Odd, "a step can't use softmax"), (Odder, "Odder.step can't be derived")],
)
def test_a_step_that_can_not_be_derived_is_told(
    kind: type[Cell], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = made(kind)
    trainer(max_steps=5, precision="64-true").fit(module, data(tmp_path, 2))
    assert isinstance(module.way, PlainWay)
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("way", ["fast", "reference"])
def test_a_nan_stays_in_its_replica(way: Recurrence, tmp_path: Path) -> None:
    module = made(LSTM, way, replicas=3)
    with torch.no_grad():
        module.classifier.cell.U[1, 0, 0] = torch.nan
    trained(module, tmp_path, 50)
    assert module.diverged_step.tolist() == [-1, 1, -1]
    healthy = trained(made(LSTM, way, replicas=3), tmp_path, 50)
    for name, tensor in healthy.classifier.state_dict().items():
        assert torch.equal(tensor[[0, 2]], module.classifier.state_dict()[name][[0, 2]])
