"""Which runs count as the same: what decides the numbers is in the fingerprint, all else is not."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf, open_dict

from digitsum.runs.checks.meant import settle
from digitsum.runs.configuration import NEW, fingerprint
from digitsum.runs.results import settings

from .test_configs import composed

# Each is a run of its own.
DECIDING = (
    "seed=1",
    "lr=0.01",
    "replicas=2",
    "evaluate_every=50",
    "recurrence=reference",
    "model=lstm",
    "model.hidden_size=16",
    "model.layers=2",
    "embedding=onehot",
    "init=orthogonal",
    "init.forget_bias=1",
    "optimizer=sgd",
    "optimizer.weight_decay=0.1",
    "loss.reduction=sum",
    "clip=blog",
    "data.length=11",
    "data.batch_size=4",
    "data.shuffle=true",
    "data=fresh",
    "data.distractors=2",
    "data.ask=first",
    "trainer.max_epochs=499",
    "trainer.max_steps=7",
)
# Where it is kept, whom it tells, what is looked at meanwhile.
BESIDE = (
    "logger=csv",
    "logger=none",
    "callbacks=probes",
    "callbacks.checkpoints.seconds=3",
    "~callbacks.progress",
    "resume=true",
    "overwrite=true",
    "report.figures=[]",
    "data.root=elsewhere",
)


def _print(*typed: str) -> str:
    config = composed(*typed)
    settle(config)
    return fingerprint(config)


def test_what_decides_the_numbers_is_another_run() -> None:
    prints = {typed: _print(typed) for typed in ("", *DECIDING) if typed}
    prints["nothing"] = _print()
    assert len(set(prints.values())) == len(prints), prints


@pytest.mark.parametrize("typed", BESIDE)
def test_what_does_not_is_the_same_run(typed: str) -> None:
    assert _print(typed) == _print()


def test_a_default_from_later_is_what_held_before() -> None:
    """A configuration of before these keys is that of their defaults, and of no other value."""
    config = composed("data.distractors=1")
    before = composed()
    with open_dict(before):
        for group, keys in NEW.items():
            for key in keys:
                before[group].pop(key, None)
    assert fingerprint(before) == fingerprint(config)
    others: dict[str, dict[str, Any]] = {
        "data": {"fresh": True, "distractors": 2, "ask": "pair"},
        "model": {"layers": 2},
        "init": {"forget_bias": 0.0},
    }
    assert {group: set(keys) for group, keys in others.items()} == {
        group: set(keys) for group, keys in NEW.items()
    }
    for group, keys in others.items():
        for key, value in keys.items():
            other = before.copy()
            with open_dict(other):
                other[group][key] = value
            assert fingerprint(other) != fingerprint(before), key


def test_a_folders_own_files_say_their_length_themselves(tmp_path: Path) -> None:
    one, other = composed(f"data.dir={tmp_path}"), composed(f"data.dir={tmp_path}", "data.length=9")
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(composed(f"data.dir={tmp_path / 'other'}"))


def _flat(config: DictConfig, **choices: str) -> dict[str, Any]:
    return settings(config, choices)


def test_settings_are_choices_by_name_then_plain_scalars() -> None:
    config = composed("model=lstm", "lr=0.5", "clip=blog", "logger=csv", "data.root=here")
    found = _flat(config, model="lstm", clip="blog", data="digitsum", optimizer="adam")
    assert list(found)[:3] == ["model", "embedding", "init"]
    assert (found["model"], found["clip"], found["lr"]) == ("lstm", "blog", 0.5)
    assert (found["data.length"], found["model.hidden_size"]) == (10, 32)
    assert found["data.dir"] == "null"
    assert all(isinstance(one, str | int | float | bool) for one in found.values())
    # Said once, or no part of what it was.
    for key in ("optimizer.lr", "resume", "overwrite", "data.root"):
        assert key not in found
    for start in ("report.", "hydra.", "logger.", "callbacks.progress.", "callbacks.checkpoints."):
        assert not [key for key in found if key.startswith(start)], start
    # Of a configuration without choices, what it builds.
    assert _flat(config)["model"] == "LSTM"
    assert _flat(config, model="mine")["model"] == "mine"
    bare = OmegaConf.create({"model": {"hidden_size": 3}, "odd": [1, 2]})
    assert _flat(bare)["model"] == "null"
    assert _flat(bare)["odd"] == "[1, 2]"
    asked = OmegaConf.create({"model": {}, "place": "${hydra:runtime.output_dir}", "kept": "a"})
    assert set(_flat(asked)) & {"place", "kept"} == {"kept"}
