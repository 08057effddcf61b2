"""What a configuration builds, and what it can not; what a stored run may name, word by word."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import open_dict

from digitsum.errors import UserError
from digitsum.network.cells import LSTM, SRN, Stack
from digitsum.runs.build import build_classifier, build_module
from digitsum.runs.checks.trial import check_builds, small_classifier
from digitsum.runs.closed import check_closed, defined
from digitsum.runs.notebook import compose
from digitsum.task.question import PAIR

from .test_closed import tree
from .test_configs import composed


def test_a_module_is_built_of_its_own_settings() -> None:
    typed = ("loss.reduction=sum", "clip=blog", "evaluate_every=7", "recurrence=reference")
    module = build_module(composed(*typed, "replicas=2", "lr=0.5"), {"a": 1})
    assert (module.reduction, module.evaluate_every, module.recurrence) == ("sum", 7, "reference")
    assert module.clipping.value == composed("clip=blog").clip.value
    assert dict(module.hparams) == {"a": 1}
    assert module.configure_optimizers().param_groups[0]["lr"] == 0.5


def test_layers_are_as_many_as_were_asked_for() -> None:
    for layers in (2, 3):
        cell = build_classifier(composed(f"model.layers={layers}", "embedding.size=6")).cell
        assert isinstance(cell, Stack)
        assert [type(one) for one in cell.layers] == [SRN] * layers
        # The first reads digits, the others what the one below remembers.
        assert [one.W.shape[1] for one in cell.layers] == [6, *[32] * (layers - 1)]
    assert type(build_classifier(composed("model=lstm")).cell) is LSTM


CSV = {
    "_target_": "lightning.pytorch.loggers.CSVLogger",
    "save_dir": "${hydra:runtime.output_dir}",
}


@pytest.mark.parametrize(
    ("group", "node", "words"),
    [
        ("optimizer", {"_target_": "torch.optim.Nothing"}, "optimizer can't be built: "),
        ("clip", {"_target_": "builtins.dict"}, "clip is a dict; it must be a Clipping"),
        (
            "optimizer",
            {"_target_": "torch.optim.SGD", "_partial_": True, "lr": -1},
            "optimizer can't be built: ValueError: Invalid learning rate: -1",
        ),
        ("trainer", {"_target_": "builtins.dict"}, "trainer._target_ is builtins.dict; it is "),
        (
            "callbacks",
            {"mine": {"_target_": "builtins.dict"}},
            "callbacks.mine is a dict; it must be a Callback",
        ),
        ("data", {"_target_": "digitsum.task.data.Nothing"}, "data can't be built: Error loading"),
        ("data", {"_target_": "builtins.dict"}, "data is a dict; it must be a DigitSumData"),
        (
            "data",
            {"source": {"_target_": "digitsum.task.examples.Nothing"}},
            "data can't be built: Error",
        ),
        ("model", {"_target_": "digitsum.network.cells.Nothing"}, "model, embedding, init can't"),
        (
            "logger",
            {"_target_": "builtins.dict"},
            "logger is a dict; it must be a Logger",
        ),
        (
            "logger",
            CSV | {"save_dir": "/elsewhere"},
            "logger would write outside of the run's folder: name, version",
        ),
        (
            "logger",
            CSV | {"name": "a*b"},
            "logger would write into 'a*b/version_0', which is no name: version",
        ),
        (
            "logger",
            CSV | {"name": "a:b"},
            "logger would write into 'a:b/version_0', which is no name: version",
        ),
    ],
)
def test_what_cannot_be_built_is_told_by_its_group(
    group: str, node: dict[str, Any], words: str, tmp_path: Path
) -> None:
    config = composed("logger=none", f"data.root={tmp_path}")
    with open_dict(config):
        if group == "data" and "source" in node:
            config.data.source = node["source"]
        else:
            config[group] = node | ({"hidden_size": 4} if group == "model" else {})
    with pytest.raises(UserError) as error:
        check_builds(config, tmp_path / "run")
    assert str(error.value).startswith(words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("logger", ["tensorboard", "csv", "none"])
def test_what_is_chosen_is_built_and_nothing_written(logger: str, tmp_path: Path) -> None:
    typed = ("callbacks=probes", "model=lstm", "data.ask=pair", f"data.root={tmp_path / 'data'}")
    check_builds(composed(f"logger={logger}", *typed), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_small_network_has_the_sizes_and_answers_asked_for() -> None:
    config = composed("model=lstm", "replicas=5", "seed=9")
    small = small_classifier(config, 4, 3, PAIR)
    assert small.cell.U.shape == (1, 4, 16)
    assert small.cell.W.shape == (1, 3, 16)
    assert small.readout.V.shape[-1] == 100
    assert small_classifier(config, 4, 3).readout.V.shape[-1] == 19
    assert (config.replicas, config.seed, config.model.hidden_size) == (5, 9, 32)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (
            "model._target_",
            "os.system",
            "run: model names 'os.system' to be built; of a stored",
        ),
        ("model._target_", 3, "run: model names 3 to be built"),
        ("model", 3, "run: model names None to be built"),
        ("model.odd", 1, "run: model.odd is nothing that digitsum.network.cells.SRN takes"),
        ("model.hidden_size", [1], "run: model.hidden_size is a list; it must be a plain value"),
        (
            "model.hidden_size",
            {"_target_": "os.system"},
            "run: model.hidden_size is a group; nothing",
        ),
        ("model.hidden_size", "${seed}", "run: model.hidden_size is '${seed}'; a stored run has"),
        ("data.source._target_", "digitsum.task.examples.np", "run: data.source names 'digitsum"),
    ],
)
def test_a_stored_run_builds_what_conf_can_choose(place: str, value: object, words: str) -> None:
    stored = tree()
    *above, last = place.split(".")
    node = stored
    for name in above:
        node = node[name]
    node[last] = value
    with pytest.raises(UserError) as error:
        check_closed(stored, "run")
    assert str(error.value).startswith(words)


@pytest.mark.parametrize(
    "name",
    [
        "digitsum.task.examples.np",  # has it from elsewhere
        "digitsum.network.cells.Cell.step",
        "digitsum.network.cells.nothing",
        "os.system",
        "torch.nn.RNN",
    ],
)
def test_what_is_not_this_packages_is_not_called(name: str) -> None:
    with pytest.raises((UserError, ImportError)) as error:
        defined(name)
    if isinstance(error.value, UserError):
        assert str(error.value) == f"{name} is not defined in this package"


def test_what_conf_chooses_is_accepted() -> None:
    assert defined("digitsum.network.cells.SRN") is SRN
    stored = tree()
    stored["model"] |= {"layers": 2, "_partial_": True}
    check_closed(stored, "run")


def test_a_notebook_composes_what_is_typed() -> None:
    data, module = compose("model=gru", "data.length=12", "replicas=3", "lr=0.5")
    assert (data.length, data.replicas) == (12, 3)
    assert type(module.classifier.cell).__name__ == "GRU"
