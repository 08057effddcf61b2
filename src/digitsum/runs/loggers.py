"""A run's loggers: one (`logger=tensorboard`), several by name (`logger=many`), or none."""

import logging
import os
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger, MLFlowLogger
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.places import SHARED, shared_folder
from digitsum.runs.shape import key_of
from digitsum.training.logbooks.book import Scalar

# What is kept on this machine is told to nobody, and not on the terminal either.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "WANDB_SILENT": "true",
}
_PACKAGES = {"WandbLogger": "wandb", "MLFlowLogger": "mlflow"}


def loggers_of(node: DictConfig) -> dict[str, DictConfig]:
    """By name; a single one is called `logger`."""
    if not node:
        return {}
    return {"logger": node} if "_target_" in node else {str(name): node[name] for name in node}


def build_loggers(node: DictConfig) -> list[Logger]:
    """What the group `logger` describes, each ready to be told.

    Raises:
        UserError: a package that it needs isn't installed.
    """
    wanted = loggers_of(node)
    shared = any(SHARED in str(OmegaConf.to_container(one)) for one in wanted.values())
    # A store that jobs share is made by one of them while others wait.
    with FileLock(Path(shared_folder()) / ".store.lock") if shared else nullcontext():
        return [build_logger(name, one) for name, one in wanted.items()]


def build_logger(name: str, node: DictConfig) -> Logger:
    """Raises: UserError, where a package that it needs isn't installed."""
    for variable, value in _QUIET.items():
        os.environ.setdefault(variable, value)
    logging.getLogger("lightning.pytorch.loggers.mlflow").setLevel(logging.ERROR)
    package = _PACKAGES.get(str(node["_target_"]).rpartition(".")[2])
    if package and find_spec(package) is None:
        raise UserError(
            f"{name} needs {package}, which isn't installed: "
            "pip install -r requirements-loggers.txt"
        )
    if package == "wandb" and not node.get("offline", True):
        import wandb

        wandb.login()  # asks on a terminal, and fails elsewhere, before anything is written
    made: Logger = instantiate(node)
    if isinstance(made, MLFlowLogger):
        _ = made.experiment  # else made on first use, by every job at once
    return made


def varied(settings: dict[str, Scalar]) -> dict[str, Scalar]:
    """Of a job: those settings that vary over its sweep, in the grid's order; of a run, all."""
    hydra = HydraConfig.get()
    fixed = hydra.job.config.override_dirname.exclude_keys
    found: dict[str, Any] = {}
    for one in hydra.overrides.task if hydra.mode == RunMode.MULTIRUN else ():
        key = key_of(one)
        if key in fixed:
            continue
        known = {name: settings[name] for name in settings if name == key}
        known = known or {name: settings[name] for name in settings if name.startswith(f"{key}.")}
        found |= known or {key: one.partition("=")[2]}
    return found or settings
