"""Which runs count as the same: what decides the numbers is in the fingerprint, all else is not."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf, open_dict

from digitsum.errors import UserError
from digitsum.runs.checks.meant import settle
from digitsum.runs.configuration import NEW, fingerprint, read_config
from digitsum.runs.results import settings

from .test_configs import composed, kept

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


def test_a_run_is_recognised_by_later_versions() -> None:
    """Written out: class names alone, keys in order, without the root; 64 bits of the hash."""
    config = OmegaConf.create(
        {
            "seed": 1,
            "model": {"_target_": "digitsum.network.cells.SRN", "hidden_size": 3, "layers": 1},
            "optimizer": {"_target_": "torch.optim.Adam", "_partial_": True},
            "data": {"root": "here", "length": 5, "dir": None, "ask": "sum"},
            "logger": {"name": "x"},
            "resume": True,
        }
    )
    text = (
        '{"data": {"dir": null, "length": 5}, "model": {"_target_": "SRN", "hidden_size": 3}, '
        '"optimizer": {"_partial_": true, "_target_": "torch.optim.Adam"}, "seed": 1}'
    )
    assert fingerprint(config) == hashlib.sha256(text.encode()).hexdigest()[:16]
    turned = OmegaConf.create(dict(reversed(list(config.items()))))  # type: ignore[arg-type]
    assert fingerprint(turned) == fingerprint(config)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, " is missing"),
        ("a: [", " can't be read as a configuration (while parsing a flow"),
        ("a: ${b", " can't be read as a configuration ("),
        ("- 1", ": not a run's configuration; "),
        ("", ": not a run's configuration; "),
        ("model: {}", " are needed"),
    ],
    ids=["nothing", "torn", "interpolation", "a list", "empty", "a part"],
)
def test_what_is_no_configuration_is_named(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError) as error:
        read_config(path)
    assert str(error.value).startswith(str(path))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_what_a_stored_configuration_may_not_name_is_told_with_its_file(tmp_path: Path) -> None:
    tree: Any = OmegaConf.to_container(kept(composed(f"data.root={tmp_path}")), resolve=True)
    (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(tree))
    assert read_config(tmp_path / "config.yaml").model.hidden_size == 32
    tree["model"]["_target_"] = "os.getpid"
    (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(tree))
    with pytest.raises(UserError) as error:
        read_config(tmp_path / "config.yaml")
    assert str(error.value).startswith(str(tmp_path / "config.yaml"))
