"""Every YAML composes, passes the checks, and builds what it names."""

import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_class
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

import digitsum.runs.search_path  # noqa: F401  registers the folder of studies
from digitsum.errors import UserError
from digitsum.questions.shown import check_shown
from digitsum.runs.build import build_classifier, build_data, build_module
from digitsum.runs.checks.check import check
from digitsum.runs.composing import Composer
from digitsum.runs.configuration import fingerprint, read_config

from ..conftest import REPO

GROUPS = ("model", "embedding", "init", "data", "optimizer", "loss", "clip", "trainer", "logger")
CHOICES = [
    f"{group}={path.stem}" for group in GROUPS for path in sorted((REPO / "conf" / group).glob("*"))
]
NAMES = {
    group: sorted(path.stem for path in (REPO / "conf" / group).glob("*.yaml")) for group in GROUPS
}
HYDRAS = ("logger", "callbacks")  # they name the run's folder, which only a run has
# From a group's name one finds the room, and the other way round (README, "How it is built").
ROOMS = {
    "model": "digitsum.network.cells",
    "embedding": "digitsum.network.embedding",
    "init": "digitsum.network.initialisation",
    "data": "digitsum.task",
    "optimizer": "torch.optim",
    "clip": "digitsum.training.clipping",
    "trainer": "lightning.pytorch",
    "logger": ("lightning.pytorch.loggers", "wandb.Settings"),
    "callbacks": ("digitsum.training", "digitsum.probes"),
    "report": "digitsum.questions",
}
STUDIES = sorted(path.stem for path in (REPO / "multirun_sweeps" / "study").glob("*.yaml"))
EXPERIMENTS = sorted(path.stem for path in (REPO / "conf" / "experiment").glob("*.yaml"))


FILES = {one.name for one in (REPO / "conf").iterdir() if one.is_dir()} | {"study", "search"}


def _chosen(choices: list[str]) -> DictConfig:
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        return compose("config", choices)


_composer = Composer(_chosen, FILES)


def composed(*overrides: str) -> DictConfig:
    """What Hydra composes."""
    return _composer(overrides)


def kept(config: DictConfig) -> DictConfig:
    """All but what names a run's folder."""
    return OmegaConf.masked_copy(config, [key for key in config if key not in HYDRAS])  # type: ignore[misc]


@pytest.mark.parametrize(
    "words",
    [
        ("lr=0.1", "model=gru", "+trainer.min_epochs=1", "clip=blog", "clip.value=null"),
        ("model.hidden_size=8", "model=gru_chrono", "++replicas=3", "~data.copies"),
    ],
)
def test_it_is_composed_as_hydra_does(words: tuple[str, ...]) -> None:
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        wanted = compose("config", list(words))
    assert OmegaConf.to_yaml(composed(*words)) == OmegaConf.to_yaml(wanted)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes_and_builds(choice: str, tmp_path: Path) -> None:
    # A start of gates needs a cell that has them.
    more = ("model=gru",) if choice == "init=chrono" else ()
    config = composed(*more, choice, "replicas=2", f"data.root={tmp_path}")
    check(config)
    data = build_data(config)
    data.setup()
    module = build_module(config, {})
    assert module(data.splits["dev"].digits).shape == (2, 100, 19)
    assert module.configure_optimizers().param_groups[0]["lr"] == config.lr


@pytest.mark.parametrize(
    "override", [f"study={s}" for s in STUDIES] + [f"experiment={e}" for e in EXPERIMENTS]
)
def test_every_study_and_experiment_composes(override: str) -> None:
    config = composed(override)
    check(config)
    build_classifier(config)


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_opens_with_its_question_and_command(study: str) -> None:
    lines = (REPO / "multirun_sweeps" / "study" / f"{study}.yaml").read_text().splitlines()
    assert lines[0] == "# @package _global_"
    assert lines[1].startswith("# Question: ")
    assert any(line == f"#   python train.py study={study}" for line in lines)


def test_the_default_is_the_blogs_reference() -> None:
    config = composed()
    assert (config.lr, config.data.length, config.data.batch_size) == (0.001, 10, 8)
    assert (config.trainer.max_epochs, config.evaluate_every) == (500, 100)
    assert (config.data.shuffle, config.loss.reduction, config.clip.value) == (False, "mean", None)
    assert config.embedding._target_.endswith("Frozen")
    assert config.init.recurrent._target_.endswith("zeros")


@pytest.mark.parametrize(("model", "init"), [("lstm", "xavier"), ("srn", "zeros")])
def test_a_cells_own_start_gives_way_to_the_users(model: str, init: str) -> None:
    assert composed(f"model={model}").init.recurrent._target_.endswith(init)
    assert composed(f"model={model}", "init=orthogonal").init.recurrent._target_.endswith("nal")


@given(st.fixed_dictionaries({group: st.sampled_from(names) for group, names in NAMES.items()}))
@settings(max_examples=25, deadline=None)
def test_any_choice_of_every_group_composes_and_resolves(chosen: dict[str, str]) -> None:
    config = composed(*[f"{group}={name}" for group, name in chosen.items()])
    kind = get_class(config.model._target_)
    if not kind.keeps and (chosen["init"] == "chrono" or config.init.forget_bias is not None):
        with pytest.raises(UserError, match="has no gate that keeps the state"):
            build_classifier(config)
        return
    if chosen["init"] == "chrono" and config.init.forget_bias is not None:
        with pytest.raises(UserError, match="give one of the two"):
            build_classifier(config)
        return
    check(config)
    assert OmegaConf.to_container(kept(config), resolve=True, throw_on_missing=True)
    assert build_classifier(config).cell.hidden_size == 32


@pytest.mark.parametrize("group", ROOMS)
def test_a_group_names_what_is_in_its_room(group: str) -> None:
    paths = sorted((REPO / "conf" / group).glob("*.yaml"))
    named = [line for path in paths for line in path.read_text().splitlines() if "_target_" in line]
    found = [re.search(r"_target_: ([\w.]+)", line) for line in named]
    assert found
    for one in found:
        assert one is not None
        assert one[1].startswith(ROOMS[group]), one[1]


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_says_what_its_report_shows(study: str) -> None:
    shown = OmegaConf.to_container(composed(f"study={study}").report)
    assert check_shown(shown, "report")["figures"]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ({"figures": [{"_target_": "os.system"}]}, r"report.figures\[0\].*function of digitsum"),
        ({"claims": ["forgets"]}, r"report.claims\[0\] is forgets"),
        ({"claims": [{"_target_": "digitsum.questions.lstm.forgets"}]}, "lstm.forgets"),
    ],
)
def test_a_report_shows_functions_of_this_package_alone(shown: object, words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        check_shown(shown, "report")
    assert "\n" not in str(error.value)


def test_a_run_of_version_0_1_is_the_same_run(tmp_path: Path) -> None:
    config = composed("clip=blog", "init=orthogonal", f"data.root={tmp_path}")
    text = OmegaConf.to_yaml(kept(config), resolve=True)
    for new, old in (
        ("network.cells", "cells"),
        ("network.embedding", "embedding"),
        ("network.initialisation", "initialisation"),
        ("training.clipping", "clipping"),
        ("task.data", "data"),
        ("task.examples", "task"),
    ):
        assert f"digitsum.{new}." in text
        text = text.replace(f"digitsum.{new}.", f"digitsum.{old}.")
    (tmp_path / "config.yaml").write_text(text)
    stored = read_config(tmp_path / "config.yaml")
    assert OmegaConf.to_container(stored) == OmegaConf.to_container(kept(config), resolve=True)
    assert fingerprint(stored) == fingerprint(config)
    assert fingerprint(stored) != fingerprint(composed("clip=blog", f"data.root={tmp_path}"))
    assert build_classifier(stored).cell.hidden_size == 32
    build_data(stored).setup()
