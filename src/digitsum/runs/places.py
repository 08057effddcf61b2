"""Where a run may write: in its own folder, whatever a configuration says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError

FOLDER = "${hydra:runtime.output_dir}"
# What loggers, callbacks and the Trainer call the place that they write to.
_NAMES = ("folder", "save_dir", "dirpath", "default_root_dir")


def check_places(config: DictConfig) -> None:
    """Raises: UserError for a place that isn't below the run's folder."""
    for group in ("callbacks", "logger", "trainer"):
        tree = config.get(group)
        if not isinstance(tree, DictConfig):
            continue
        for key, value in leaves(OmegaConf.to_container(tree, resolve=False), group):
            if key.rpartition(".")[2] in _NAMES and not (value is None or _inside(str(value))):
                raise UserError(f"{key} is {value}; a run writes in its own folder alone: {FOLDER}")


def _inside(place: str) -> bool:
    return f"{place}/".startswith(f"{FOLDER}/") and ".." not in Path(place).parts


def leaves(tree: Any, parent: str = "") -> Iterator[tuple[str, Any]]:
    """Keys with dots, and their values."""
    for name, value in tree.items():
        key = f"{parent}.{name}" if parent else str(name)
        if isinstance(value, dict):
            yield from leaves(value, key)
        else:
            yield key, value
