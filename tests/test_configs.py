"""Every YAML composes, passes the checks, and builds what it names."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

import digitsum.search_path  # noqa: F401  registers the folder of studies
from digitsum.build import build_classifier, build_data, build_module
from digitsum.checks import check

from .conftest import REPO

GROUPS = ("model", "embedding", "init", "data", "optimizer", "loss", "clip", "trainer", "logger")
CHOICES = [
    f"{group}={path.stem}" for group in GROUPS for path in sorted((REPO / "conf" / group).glob("*"))
]
NAMES = {
    group: sorted(path.stem for path in (REPO / "conf" / group).glob("*.yaml")) for group in GROUPS
}
HYDRAS = ("logger", "callbacks")  # they name the run's folder, which only a run has
STUDIES = sorted(path.stem for path in (REPO / "multirun_sweeps" / "study").glob("*.yaml"))
EXPERIMENTS = sorted(path.stem for path in (REPO / "conf" / "experiment").glob("*.yaml"))


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        return compose("config", list(overrides))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes_and_builds(choice: str, tmp_path: Path) -> None:
    config = composed(choice, "replicas=2", f"data.root={tmp_path}")
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
    check(config)
    kept = OmegaConf.masked_copy(config, [key for key in config if key not in HYDRAS])  # type: ignore[misc]
    assert OmegaConf.to_container(kept, resolve=True, throw_on_missing=True)
    assert build_classifier(config).cell.hidden_size == 32
