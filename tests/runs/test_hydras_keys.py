"""What of Hydra's own can be set here, as a YAML would set it."""

from typing import Any

import pytest
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.hydra_keys import SUBDIR, check_hydra

USUAL = {
    "mode": RunMode.MULTIRUN,
    "overrides": {"hydra": []},
    "sweep": {"dir": "multirun/a", "subdir": f"{SUBDIR}}}"},
    "run": {"dir": "outputs/a"},
    "job": {"name": "train"},
    "output_subdir": ".hydra",
}


def hydra(key: str, value: Any, mode: RunMode = RunMode.MULTIRUN) -> DictConfig:
    made = OmegaConf.create(USUAL | {"mode": mode})
    OmegaConf.update(made, key, value)
    return made


def test_what_is_usual_is_well() -> None:
    check_hydra(hydra("mode", RunMode.MULTIRUN))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("sweep.subdir", "x", "hydra.sweep.subdir can't be set: a job's folder is named"),
        ("job.name", "../x", "hydra.job.name is ../x; it must be a name, without folders"),
        ("job.name", "a/b", "hydra.job.name is a/b; it must be a name, without folders"),
        ("output_subdir", "", "hydra.output_subdir is ; it must be a name, without folders"),
        ("run.dir", " ", "hydra.run.dir is  ; it must be a path"),
        ("sweep.dir", None, "hydra.sweep.dir is empty; it must be a path"),
        ("sweep.dir", "$HOME/x", "hydra.sweep.dir is $HOME/x; loggers would read a variable"),
        ("overrides.hydra", ["hydra.job.num=3"], "hydra.job.num can't be set: "),
        ("overrides.hydra", ["hydra.sweep.subdir=x"], "hydra.sweep.subdir can't be set: "),
    ],
)
def test_what_can_not_be_is_told(
    key: str, value: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    with pytest.raises(UserError) as error:
        check_hydra(hydra(key, value))
    assert str(error.value).startswith(words)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("output_subdir", None),
        ("job.name", "my run-1.0"),
        ("overrides.hydra", ["hydra.run.dir=a", "hydra/launcher=cores"]),
        # What it stands for may not be known yet.
        ("overrides.hydra", ["hydra.run.dir=${oc.env:NOT_THERE}"]),
        ("sweep.subdir", f"{SUBDIR}${{oc.env:NOT_THERE}}}}"),
    ],
)
def test_what_is_obeyed_is_not_refused(key: str, value: Any) -> None:
    check_hydra(hydra(key, value))


def test_a_run_has_no_jobs_whose_folders_could_be_named() -> None:
    check_hydra(hydra("sweep.subdir", "x", RunMode.RUN))
