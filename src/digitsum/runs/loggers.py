"""A run's loggers: one (`logger=tensorboard`), several by name (`logger=many`), or none."""

import logging
import os
import urllib.error
import urllib.request
from contextlib import nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger, MLFlowLogger
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.places import ASKED, SHARED, key_of, shared_folder
from digitsum.training.logbooks.beside import Beside
from digitsum.training.logbooks.book import Scalar

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "WANDB_SILENT": "true",
}
# A server is given this long to answer, and isn't asked again by MLflow itself.
PATIENCE = 10.0  # seconds
_BRIEF = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
_PACKAGES = {"WandbLogger": "wandb", "MLFlowLogger": "mlflow"}


def loggers_of(node: DictConfig) -> dict[str, DictConfig]:
    """By name; a single one is called `logger`."""
    if not node:
        return {}
    return {"logger": node} if "_target_" in node else {str(name): node[name] for name in node}


def quiet() -> None:
    """What is kept on this machine is told to nobody, and not on the terminal either; a server that
    doesn't answer isn't asked for minutes.
    """
    for variable, value in (_QUIET | _BRIEF).items():
        os.environ.setdefault(variable, value)
    logging.getLogger("lightning.pytorch.loggers.mlflow").setLevel(logging.ERROR)


def server_of(node: DictConfig) -> str | None:
    """The address of somebody else's machine that a logger talks to; None where it has none."""
    kind = str(node.get("_target_")).rpartition(".")[2]
    raw = cast(dict[str, Any], OmegaConf.to_container(node, resolve=False))
    place = str(raw.get("tracking_uri") or "")
    if "${" in place and not ASKED.search(place):
        place = str(node.tracking_uri)
    if kind == "MLFlowLogger" and place.startswith(("http://", "https://")):
        return place
    if kind == "WandbLogger" and not node.get("offline", True):
        return os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")
    return None


def ask_servers(node: DictConfig) -> None:
    """Whether those that loggers talk to are there: asked once, before anything is written.

    Raises:
        UserError: one doesn't answer within some seconds.
    """
    for name, one in loggers_of(node).items():
        server = server_of(one)
        if server is None:
            continue
        wandb = "WandbLogger" in str(one["_target_"])
        try:
            urllib.request.urlopen(server, timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            pass  # an answer, even if a page isn't there
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            ours = "give it an account by wandb login" if wandb else "start it"
            raise UserError(
                f"{name}: {server} doesn't answer ({reason}); {ours}, or choose another logger "
                "(logger=tensorboard)"
            ) from None
        if wandb:
            _log_in(name, server)


def _log_in(name: str, server: str) -> None:
    """Asks on a terminal, and fails elsewhere, before anything is written."""
    quiet()
    _installed(name, "wandb")
    import wandb

    try:
        wandb.login()
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{name}: {server} doesn't let anybody in: {reason}") from None


def _installed(name: str, package: str) -> None:
    if find_spec(package) is None:
        raise UserError(
            f"{name} needs {package}, which isn't installed: "
            "pip install -r requirements-loggers.txt"
        )


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


def build_logger(name: str, node: DictConfig, trial: bool = False) -> Logger:
    """One of them.

    Args:
        name: what it is called in messages.
        node: what describes it.
        trial: make the object alone; nothing of it is to be seen anywhere.

    Raises:
        UserError: a package that it needs isn't installed.
    """
    quiet()
    package = _PACKAGES.get(str(node["_target_"]).rpartition(".")[2])
    if package:
        _installed(name, package)
    server = server_of(node)
    if package == "mlflow" and server is not None:
        node = node.copy()
        if SHARED in str(node):
            node.artifact_location = None  # a folder of this machine's; the server knows its own
        return instantiate(node) if trial else Beside(partial(instantiate, node), server)
    made: Logger = instantiate(node)
    if isinstance(made, MLFlowLogger) and not trial:
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
