"""Where a run may write: in its own folder, whatever a configuration says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError

FOLDER = "${hydra:runtime.output_dir}"
SHARED = "${shared_folder:}"
ASKED = re.compile(r"\$\{(?:hydra|shared_folder):[^}]*\}")  # places and names, of Hydra
ATTEMPT = ".attempt"  # in a complete run's folder, where it is trained anew
# What loggers, callbacks and the Trainer call the place that they write to.
_NAMES = ("folder", "save_dir", "dirpath", "default_root_dir")
# Where a logger keeps a store for several runs.
_STORES = ("tracking_uri", "artifact_location")


def shared_folder() -> str:
    """What belongs to all jobs of a sweep is in the sweep's folder; to a run, in its own."""
    hydra = HydraConfig.get()
    many = hydra.mode == RunMode.MULTIRUN
    place = Path(hydra.sweep.dir if many else hydra.runtime.output_dir).resolve()
    return (place.parent if place.name == ATTEMPT else place).as_posix()


OmegaConf.register_new_resolver("shared_folder", shared_folder, replace=True)


def check_places(config: DictConfig) -> None:
    """Raises: UserError for a place that isn't below the run's folder."""
    for group in ("callbacks", "logger", "trainer"):
        tree = config.get(group)
        if not isinstance(tree, DictConfig):
            continue
        for key, value in leaves(OmegaConf.to_container(tree, resolve=False), group):
            if key.rpartition(".")[2] in _NAMES and not (value is None or _inside(str(value))):
                raise UserError(f"{key} is {value}; a run writes in its own folder alone: {FOLDER}")
            if key.rpartition(".")[2] in _STORES and not (value is None or _store(str(value))):
                raise UserError(
                    f"{key} is {value}; it must be a server's address (https://...) or a store "
                    f"in {SHARED}"
                )


def _inside(place: str) -> bool:
    return f"{place}/".startswith(f"{FOLDER}/") and ".." not in Path(place).parts


def _store(place: str) -> bool:
    local = place.removeprefix("sqlite:///")
    inside = f"{local}/".startswith(f"{SHARED}/") and ".." not in Path(local).parts
    return inside or place.startswith(("http://", "https://"))


def leaves(tree: Any, parent: str = "") -> Iterator[tuple[str, Any]]:
    """Keys with dots, and their values."""
    for name, value in tree.items():
        key = f"{parent}.{name}" if parent else str(name)
        if isinstance(value, dict):
            yield from leaves(value, key)
        else:
            yield key, value
