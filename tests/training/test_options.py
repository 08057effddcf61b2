"""Each option changes what is learnt, the same in both ways to train, or isn't taken."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import SGD, Adam, AdamW, RMSprop

from digitsum import kernels
from digitsum.network.cells import SRN
from digitsum.training.lit import LitDigitSum, Recurrence

from ..networks import data, trainer
from .test_compiled import made

BASES: dict[str, Callable[..., Any]] = {
    "sgd": partial(SGD, lr=0.05),
    "momentum": partial(SGD, lr=0.05, momentum=0.5),
    "adam": partial(Adam, lr=0.01),
    "adamw": partial(AdamW, lr=0.01),
    "rmsprop": partial(RMSprop, lr=0.01),
}
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"lr": 0.06}),
    ("sgd", {"momentum": 0.5}),
    ("sgd", {"weight_decay": 0.01}),
    ("sgd", {"maximize": True}),
    ("momentum", {"nesterov": True}),
    ("momentum", {"dampening": 0.3}),
    ("adam", {"betas": (0.5, 0.999)}),
    ("adam", {"betas": (0.9, 0.9)}),
    ("adam", {"eps": 1e-2}),
    ("adam", {"weight_decay": 0.01}),
    ("adam", {"amsgrad": True}),
    ("adamw", {"weight_decay": 0.5}),
    ("rmsprop", {"alpha": 0.5}),
    ("rmsprop", {"eps": 1e-2}),
    ("rmsprop", {"momentum": 0.5}),
    ("rmsprop", {"centered": True}),
]


def learnt(folder: Path, base: str, options: dict[str, Any], way: Recurrence) -> LitDigitSum:
    network = made(SRN, way)
    network.make_optimizer = partial(BASES[base], **options)
    trainer(max_steps=30).fit(network, data(folder, 2, batch_size=13))
    return network


@pytest.mark.parametrize(("base", "options"), OPTIONS, ids=str)
def test_an_option_changes_what_is_learnt(
    base: str, options: dict[str, Any], tmp_path: Path
) -> None:
    fast, plain = (learnt(tmp_path, base, options, way) for way in ("fast", "reference"))
    without = learnt(tmp_path, base, {}, "fast")
    for name, tensor in fast.classifier.state_dict().items():
        other = plain.classifier.state_dict()[name]
        torch.testing.assert_close(tensor, other, rtol=1e-9, atol=1e-9, msg=name)
    assert not torch.allclose(fast.classifier.cell.W, without.classifier.cell.W, rtol=1e-4)


def test_compiled_copies_are_of_one_processor_and_these_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "b.py").write_text("b = 1\n")
    found = {kernels.digest(tmp_path)}
    assert found == {kernels.digest(tmp_path)}
    (tmp_path / "b.py").write_text("b = 2\n")
    found.add(kernels.digest(tmp_path))
    monkeypatch.setattr(kernels, "get_host_cpu_name", lambda: "another")
    found.add(kernels.digest(tmp_path))
    assert len(found) == 3
