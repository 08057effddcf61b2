"""`results.json`: what a run found, per replica, and what it was.

Schema 1: `schema`, `status` (`complete`), `fingerprint` of the configuration, `settings` (what the
run was), `chance` (accuracy of guessing; `by_chance` in words), `replicas` (a list), `summary`,
`versions`, `seconds`. Unknown numbers are null, never NaN. A run that failed leaves `failure.json`
beside it, with `status` (`failed`) and `error` instead of numbers: a complete result is replaced by
a complete result alone.
"""

import json
import math
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.configuration import CONFIG, fingerprint, read_config
from digitsum.runs.places import ASKED, leaves
from digitsum.statistics import summarise
from digitsum.writing import remove, write_aside

SCHEMA = 1
NAME = "results.json"
FAILURE = "failure.json"
Scalar = str | float | int | bool
Array = np.ndarray[Any, Any]
MEASURES = ("test_accuracy", "best_dev_accuracy", "final_train_loss", "final_dev_loss")
_PACKAGES = ("digitsum", "torch", "lightning", "numpy", "numba", "hydra-core")


def read_arrays(path: Path) -> dict[str, Array]:
    """What NumPy has stored, by name; nothing in it is executed.

    Raises:
        UserError: why it can't be read, in one line.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except Exception as error:  # zipfile and NumPy raise whatever the bytes lead them to
        words = (str(error).splitlines() or [type(error).__name__])[0]
        # NumPy's own word of whatever it doesn't know tells how to have it executed.
        raise UserError("it holds no arrays" if "pickle" in words else words) from None


def is_complete(folder: Path, config: DictConfig) -> bool:
    """Whether a folder holds a complete result of this very configuration."""
    found = complete_in(folder)
    return found is not None and is_of(found, folder, config)


def complete_in(folder: Path) -> dict[str, Any] | None:
    """A folder's complete result, of whatever configuration; None where it has none."""
    try:
        found = read(folder)
    except UserError:
        return None
    return found if found["status"] == "complete" else None


def is_of(found: dict[str, Any], folder: Path, config: DictConfig) -> bool:
    """Whether a result, found in this folder, is of this very configuration."""
    asked = fingerprint(config)
    if found.get("fingerprint") == asked:
        return True
    try:  # of a version that counted otherwise, whose configuration may be the same all the same
        return fingerprint(read_config(folder / CONFIG)) == asked
    except UserError:  # torn or gone
        return False


# What a run chose by name.
NAMED = (
    *("model", "embedding", "init", "data", "optimizer", "trainer"),
    *("loss", "clip", "logger", "callbacks", "experiment"),
)
# Said by another key already, or no part of what a run was: where it keeps what, and tells whom.
_SAID = ("optimizer.lr", "resume", "overwrite", "data.root")
_TELLING = tuple(f"callbacks.{name}" for name in ("progress", "standing", "checkpoints"))
_OUTSIDE = ("report", "hydra", "logger", *_TELLING)


def settings(config: DictConfig, choices: dict[str, Any]) -> dict[str, Scalar]:
    """What a run was: what it chose by name, then its whole configuration, flat, plain scalars.

    What depends on where it ran (its folder, its number among jobs) is left out, as is how it is
    told; of a sweep's jobs, what was typed is known from the sweep (`digitsum.sweeps.collected`).
    """
    flat: dict[str, Any] = {group: _chosen(config, choices, group) for group in NAMED}
    for key, value in leaves(OmegaConf.to_container(config, resolve=False)):
        outside = key in _SAID or key.startswith(tuple(f"{one}." for one in _OUTSIDE))
        if not (outside or ASKED.search(str(value))):
            flat[key] = OmegaConf.select(config, key)
    return {key: _scalar(value) for key, value in flat.items()}


def _chosen(config: DictConfig, choices: dict[str, Any], group: str) -> Any:
    """The name of a choice; of a configuration without choices (a stored one), what it builds."""
    if group in choices or group not in config:
        return choices.get(group)
    target = config[group].get("_target_") if OmegaConf.is_dict(config[group]) else None
    return None if target is None else str(target).rpartition(".")[2]


def _scalar(value: Any) -> Scalar:
    if value is None:
        return "null"
    return value if isinstance(value, str | int | float | bool) else str(value)


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def finite(value: Any) -> Any:
    """The same with null for what isn't a finite number: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def summary(replicas: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Each measure over replicas: mean, 95 % interval, min, max, count."""
    return {m: summarise([replica[m] for replica in replicas])._asdict() for m in MEASURES}


def header(config: DictConfig, choices: dict[str, Any]) -> dict[str, Any]:
    """What a result says of its run, whether it succeeded or not."""
    return {
        "schema": SCHEMA,
        "fingerprint": fingerprint(config),
        "settings": settings(config, choices),
        "versions": versions(),
    }


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write a run's complete result aside and rename it; what failed before it is past."""
    _write(folder / NAME, result)
    remove(folder / FAILURE)


def write_failure(folder: Path, result: dict[str, Any]) -> None:
    """Write, beside a result that may be there, that the last try failed."""
    _write(folder / FAILURE, result)


def _write(path: Path, result: dict[str, Any]) -> None:
    write_aside(path, (json.dumps(finite(result), indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path, of: str) -> Any:
    """Read a JSON file that the folder `of` something has. Raises: UserError."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing; is {path.parent} the folder of {of}?") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read as JSON ({error})") from None


def read(folder: Path) -> dict[str, Any]:
    """Read a run's result.

    Raises:
        UserError: it is missing, torn, or of another schema.
    """
    path = folder / NAME
    found = read_json(path, "a finished run")
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        schema = found.get("schema") if isinstance(found, dict) else None
        raise UserError(f"{path}: schema is {schema}; this version reads {SCHEMA}")
    if found.get("status") == "complete" and (lacking := _lacking(found)):
        raise UserError(f"{path}: {lacking}; it isn't a result of this project")
    return found | {"status": str(found.get("status"))}


def read_complete(folder: Path) -> dict[str, Any]:
    """Read a finished run's result.

    Raises:
        UserError: there is no such folder, or what is in it can't be read or isn't complete.
    """
    if not folder.is_dir():
        raise UserError(f"run: {folder} is not a folder; it must be that of a finished run")
    result = read(folder)
    if result["status"] != "complete":
        raise UserError(f"{folder / NAME}: status is {result['status']}, not complete")
    return result


def seconds(result: dict[str, Any]) -> float | None:
    """That a run took; None where its result doesn't say."""
    known = result.get("seconds")
    return float(known) if isinstance(known, int | float) else None


def failure(folder: Path) -> dict[str, Any] | None:
    """What a folder says of its last try, where that failed; of earlier versions, too."""
    for name in (FAILURE, NAME):
        try:
            found = read_json(folder / name, "a run")
        except UserError:
            continue
        if isinstance(found, dict) and found.get("status") == "failed":
            kept = found.get("settings")
            return found | {
                "settings": kept if isinstance(kept, dict) else {},
                "error": str(found.get("error")),
            }
    return None


_NEEDED = ("seed", "test_accuracy", "best_dev_accuracy")


def _lacking(found: dict[str, Any]) -> str:
    """What a complete result must have and hasn't; empty where nothing lacks."""
    replicas, known = found.get("replicas"), found.get("settings")
    if not isinstance(known, dict):
        return "no settings"
    if not all(isinstance(one, str | int | float | bool) for one in known.values()):
        return "settings that are no scalars"
    if not isinstance(replicas, list) or not replicas:
        return "no replicas"
    for index, one in enumerate(replicas):
        if not isinstance(one, dict):
            return f"replica {index} is no object"
        for name in {*_NEEDED, *MEASURES}:
            missing = name in _NEEDED and name not in one
            if missing or not isinstance(one.get(name), int | float | None):
                return f"replica {index} has no {name}"
        if not isinstance(one["seed"], int):
            return f"replica {index} has no seed"
    if not isinstance(found.get("chance", 0.0), int | float):
        return "no chance"
    if not isinstance(found.get("versions", {}), dict):
        return "no versions"
    return ""
