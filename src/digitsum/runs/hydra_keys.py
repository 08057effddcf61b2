"""Every key of Hydra's own that somebody may set: obeyed, or refused with what to do instead."""

import os
import re
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.places import key_of

_ITSELF = "Hydra sets it itself"
_NAMED = "a job's folder is named by what varies, so that the same job is found there again"
# The longest that begins a key decides; None is obeyed.
VERDICTS: dict[str, str | None] = {
    "hydra": None,
    "hydra.mode": None,
    "hydra.searchpath": None,
    "hydra.run.dir": None,
    "hydra.sweep.dir": None,
    "hydra.sweep.subdir": _NAMED,
    "hydra.hydra_logging": None,
    "hydra.job_logging": None,
    "hydra.sweeper": None,
    "hydra.launcher": None,
    "hydra.callbacks": None,
    "hydra.callbacks.checks": "without it nothing would be checked before a run",
    "hydra.callbacks.sweep": "without it a sweep would have no list of its jobs",
    "hydra.help": None,
    "hydra.hydra_help": None,
    "hydra.output_subdir": None,
    "hydra.overrides": _ITSELF,
    "hydra.job.name": None,
    "hydra.job.chdir": None,
    "hydra.job.override_dirname": _ITSELF,
    "hydra.job.id": _ITSELF,
    "hydra.job.num": _ITSELF,
    "hydra.job.config_name": _ITSELF,
    "hydra.job.env_set": None,
    "hydra.job.env_copy": None,
    "hydra.job.config": _NAMED,
    "hydra.runtime": _ITSELF,
    "hydra.verbose": None,
    "hydra.env": None,
    "hydra.output": None,
}
# Where a configuration doesn't have them.
ADDED = [
    "+hydra.callbacks.checks._target_=digitsum.runs.before.CheckBeforeRun",
    "+hydra.callbacks.sweep._target_=digitsum.reports.around.SweepReport",
]
SUBDIR = "${job_folder:"
_NAME = re.compile(r"[\w.+=,@ -]*[\w+=,@-]")


def verdict(key: str) -> str | None:
    """Why a key can't be set; None where it is obeyed."""
    parts = key.replace("/", ".").split(".")
    begins = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next(VERDICTS[one] for one in begins if one in VERDICTS)


def check_hydra(hydra: DictConfig) -> None:
    """Raises: UserError, for a key of Hydra's that can't be set here."""
    typed = OmegaConf.to_container(hydra.overrides.hydra, resolve=False)
    for override in map(str, typed if isinstance(typed, list) else ()):
        key = key_of(override)
        if override not in ADDED and key.startswith("hydra") and (reason := verdict(key)):
            raise UserError(f"{key} can't be set: {reason}")
    # A study's or a person's own YAML may set it, too.
    tree = OmegaConf.to_container(hydra, resolve=False)
    assert isinstance(tree, dict)
    many = OmegaConf.select(hydra, "mode") == RunMode.MULTIRUN
    if many and not str(tree["sweep"]["subdir"]).startswith(SUBDIR):
        raise UserError(f"hydra.sweep.subdir can't be set: {_NAMED}")
    for key in ("job.name", "output_subdir"):
        value = OmegaConf.select(hydra, key)
        if value is not None and not (isinstance(value, str) and _NAME.fullmatch(value)):
            raise UserError(f"hydra.{key} is {value}; it must be a name, without folders")
    for key in ("run.dir", "sweep.dir"):
        value = OmegaConf.select(hydra, key)
        if not (isinstance(value, str) and value.strip()):
            raise UserError(f"hydra.{key} is {value or 'empty'}; it must be a path")
        if os.path.expandvars(value) != value:
            raise UserError(
                f"hydra.{key} is {value}; loggers would read a variable of the environment in it: "
                "give a name without $"
            )


def by_hydra(hydra: Any) -> list[str]:
    """Names of what Hydra itself writes in a run's folder."""
    names = [f"{hydra.job.name}.log"]
    if hydra.output_subdir is not None:
        names += [f"{hydra.output_subdir}/{one}.yaml" for one in ("config", "hydra", "overrides")]
    return names
