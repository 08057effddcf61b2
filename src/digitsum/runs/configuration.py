"""A run's configuration as it lies beside its results: read as data, and recognised."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from digitsum.errors import UserError
from digitsum.runs.closed import GROUPS, check_closed

CONFIG = "config.yaml"
# What doesn't change a run's numbers: it may differ between two runs that count as the same.
ASIDE = ("logger", "callbacks", "resume", "overwrite", "report", "hydra")
_OURS = "digitsum."
# Keys that came later, and what held before.
NEW: dict[str, dict[str, Any]] = {
    "data": {"fresh": False, "distractors": 1, "ask": "sum"},
    "model": {"layers": 1},
    "init": {"forget_bias": None},
}
# Where version 0.1 had what a stored configuration names.
_MOVED = {
    "digitsum.cells": "digitsum.network.cells",
    "digitsum.embedding": "digitsum.network.embedding",
    "digitsum.initialisation": "digitsum.network.initialisation",
    "digitsum.clipping": "digitsum.training.clipping",
    "digitsum.data": "digitsum.task.data",
    "digitsum.task": "digitsum.task.examples",
}


def _named(tree: Any, rename: Callable[[str], str]) -> Any:
    """A configuration's tree with another name in place of each of this package's."""
    if not isinstance(tree, dict):
        return tree
    found = {key: _named(value, rename) for key, value in tree.items()}
    target = str(found.get("_target_", ""))
    return found | {"_target_": rename(target)} if target.startswith(_OURS) else found


def deciding(config: DictConfig) -> DictConfig:
    """A copy of what may decide a run's numbers."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key not in ASIDE])


def fingerprint(config: DictConfig) -> str:
    """A hash of everything in a configuration that decides a run's numbers.

    What is called counts by its name alone: a class that has moved is the same class. Where
    generated examples are kept doesn't count, nor what a person's own files say themselves.
    """
    kept = deciding(config)
    tree = _named(OmegaConf.to_container(kept, resolve=True), lambda name: name.rpartition(".")[2])
    data = tree.get("data")
    if isinstance(data, dict):
        aside = ("root",) if data.get("dir") is None else ("root", "length")
        tree["data"] = {key: value for key, value in data.items() if key not in aside}
    for group, keys in NEW.items():  # as in versions that knew nothing else
        if isinstance(node := tree.get(group), dict):
            usual = {key for key, value in keys.items() if node.get(key, value) == value}
            tree[group] = {key: value for key, value in node.items() if key not in usual}
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:16]


def _moved(name: str) -> str:
    module, _, last = name.rpartition(".")
    return f"{_MOVED.get(module, module)}.{last}"


def read_config(path: Path) -> DictConfig:
    """Read a run's configuration; of version 0.1, too.

    Raises:
        UserError: it is missing, torn, or would call something that isn't this package's.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        config = OmegaConf.create(_named(tree, _moved))
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except (OSError, ValueError, yaml.YAMLError, OmegaConfBaseException) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} can't be read as a configuration ({reason})") from None
    if not isinstance(config, DictConfig) or not all(key in config for key in GROUPS):
        raise UserError(f"{path}: not a run's configuration; {', '.join(GROUPS)} are needed")
    check_closed(cast(dict[str, Any], OmegaConf.to_container(config)), str(path))
    return config
