"""`sweep.json`: which jobs a sweep has, and what its report shows.

It lists the jobs of the sweep that ran last; a folder may hold others beside them, of a grid that
has changed since, and those are never mixed in.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.results import SCHEMA

MANIFEST = "sweep.json"
# Not part of what a job is.
_ASIDE = ("study", "resume")


def job_folder(overrides: Sequence[str]) -> str:
    """A job's folder is named by its overrides, sorted: the same job, the same folder."""
    kept = [one for one in overrides if one.lstrip("+").partition("=")[0] not in _ASIDE]
    name = ",".join(sorted(kept)).replace("/", "_").replace("..", "_")
    return name[:200] or "job"


OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)


def jobs_of(config: DictConfig) -> list[list[str]]:
    """The grid as Hydra's basic sweeper expands it."""
    fixed = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    parsed = OverridesParser.create().parse_overrides(fixed + list(config.hydra.overrides.task))
    return [job for batch in BasicSweeper.split_arguments(parsed, None) for job in batch]


def read_manifest(folder: Path) -> dict[str, Any]:
    """A sweep's list of jobs. Raises: UserError."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing; is {folder} the folder of a sweep?") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read as JSON ({error})") from None
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise UserError(f"{path}: not a sweep of schema {SCHEMA}")
    return manifest
