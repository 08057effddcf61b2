"""Whatever a configuration says, a run writes in its own folder alone."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.places import FOLDER, SHARED, leaves

# What loggers, callbacks and the Trainer call the place that they write to.
_NAMES = ("folder", "save_dir", "dirpath", "default_root_dir")
# Where a logger keeps a store for several runs.
_STORES = ("tracking_uri", "artifact_location")


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
