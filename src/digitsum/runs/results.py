"""`results.json`: what a run found, per replica, and what it was.

Schema 1: `schema`, `status` (`complete` or `failed`), `fingerprint` of the configuration,
`choices` and `settings` (what the run was), `chance`, `replicas` (a list), `summary`, `versions`,
`seconds`; a failed run has `error` instead of numbers. Unknown numbers are null, never NaN.
"""

import json
import math
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.configuration import CONFIG, fingerprint, read_config
from digitsum.statistics import summarise
from digitsum.task.examples import CHANCE
from digitsum.writing import write_aside

SCHEMA = 1
NAME = "results.json"
MEASURES = ("test_accuracy", "best_dev_accuracy", "final_train_loss", "final_dev_loss")
_PACKAGES = ("digitsum", "torch", "lightning", "numpy", "numba", "hydra-core")


def is_complete(folder: Path, config: DictConfig) -> bool:
    """Whether a folder holds a complete result of this very configuration."""
    try:
        if read(folder).get("status") != "complete":
            return False
        return fingerprint(read_config(folder / CONFIG)) == fingerprint(config)
    except UserError:
        return False


def settings(config: DictConfig, choices: dict[str, Any]) -> dict[str, str | float | int | bool]:
    """What a run was, flat and in plain scalars: one column each in tables and HParams."""
    named = ("model", "embedding", "init", "data", "optimizer", "trainer")
    flat: dict[str, Any] = {group: choices.get(group) for group in named}
    flat |= {
        key: OmegaConf.select(config, key)
        for key in (
            "data.length",
            "data.batch_size",
            "data.shuffle",
            "data.copies",
            "data.dir",
            "model.hidden_size",
            "model.skip",
            "embedding.size",
            "lr",
            "optimizer.weight_decay",
            "optimizer.momentum",
            "loss.reduction",
            "clip.value",
            "clip.algorithm",
            "trainer.max_epochs",
            "trainer.max_steps",
            "seed",
            "replicas",
            "recurrence",
        )
    }
    for key, value in flat.items():
        if value is None or OmegaConf.is_config(value):  # the second is a mistake, told elsewhere
            flat[key] = "null" if value is None else str(value)
    return flat


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
        "chance": CHANCE,
        "versions": versions(),
    }


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write a run's result aside and rename it."""
    text = json.dumps(finite(result), indent=2, allow_nan=False)
    write_aside(folder / NAME, (text + "\n").encode())


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
    return found
