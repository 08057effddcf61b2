"""Where a run may write: in its own folder, whatever a configuration says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

FOLDER = "${hydra:runtime.output_dir}"
SHARED = "${shared_folder:}"
ASKED = re.compile(r"\$\{(?:hydra|shared_folder):[^}]*\}")  # places and names, of Hydra
ATTEMPT = ".attempt"  # in a complete run's folder, where it is trained anew


def shared_folder() -> str:
    """What belongs to all jobs of a sweep is in the sweep's folder; to a run, in its own."""
    hydra = HydraConfig.get()
    many = hydra.mode == RunMode.MULTIRUN
    place = Path(hydra.sweep.dir if many else hydra.runtime.output_dir).resolve()
    return (place.parent if place.name == ATTEMPT else place).as_posix()


OmegaConf.register_new_resolver("shared_folder", shared_folder, replace=True)


def key_of(override: str) -> str:
    """`lr` of `+lr=0.1` and of `~lr`."""
    return override.lstrip("+~").partition("=")[0]


def leaves(tree: Any, parent: str = "") -> Iterator[tuple[str, Any]]:
    """Keys with dots, and their values."""
    for name, value in tree.items():
        key = f"{parent}.{name}" if parent else str(name)
        if isinstance(value, dict):
            yield from leaves(value, key)
        else:
            yield key, value
