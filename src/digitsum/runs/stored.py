"""A finished run, read back as data only: JSON, YAML and tensors, nothing that executes."""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor

from digitsum.errors import UserError
from digitsum.network.classifier import Classifier
from digitsum.runs import results
from digitsum.runs.build import build_classifier
from digitsum.runs.checks.check import check
from digitsum.runs.configuration import CONFIG, read_config
from digitsum.runs.folders import made_at
from digitsum.training.checkpointing import CURRENT as CHECKPOINT


@dataclass(frozen=True)
class StoredRun:
    """A run's configuration, its result, and its network with each replica's best weights."""

    folder: Path
    config: DictConfig
    result: dict[str, Any]
    classifier: Classifier


def load(folder: Path) -> StoredRun:
    """Read a finished run.

    Raises:
        UserError: something is missing, torn, foreign, or doesn't fit its configuration.
    """
    result = results.read_complete(folder)
    config = read_config(folder / CONFIG)
    try:
        find_places(config, folder)
        check(config)
        classifier = build_classifier(config)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{folder / CONFIG}: not a run's configuration ({reason})") from None
    except UserError as error:
        told = str(error)
        named = told if str(folder) in told else f"{folder / CONFIG}: {told}"
        raise UserError(named) from None
    weights = _weights(folder / CHECKPOINT)
    expected = classifier.state_dict()
    for name, tensor in expected.items():
        found = weights.get(f"best.{name}")
        if not isinstance(found, Tensor) or found.shape != tensor.shape:
            shape = list(found.shape) if isinstance(found, Tensor) else "nothing"
            raise UserError(
                f"{folder / CHECKPOINT}: best.{name} is {shape}; "
                f"the configuration beside it says {list(tensor.shape)}"
            )
    classifier.load_state_dict({name: weights[f"best.{name}"] for name in expected})
    return StoredRun(folder, config, result, classifier.requires_grad_(False))


def find_places(config: DictConfig, folder: Path) -> None:
    """Where a stored run's examples are now: where it says, or, in a tree that was moved as a
    whole, where they lie as seen from the run.

    Raises:
        UserError: it says so relative to a folder that isn't known any more (version 0.1 did).
    """
    data, was = config.data, made_at(folder)
    if data.dir is not None and not Path(data.dir).is_absolute():
        started = _started_in(folder)
        if started is None:
            raise UserError(
                f"{folder / CONFIG}: data.dir is {data.dir}, relative to a folder that isn't "
                "known; write an absolute path there"
            )
        data.dir = str(started / data.dir)
    for key in ("dir", "root"):
        place = data.get(key)
        if place is None or Path(place).exists() or was is None or not Path(place).is_absolute():
            continue
        try:
            moved = Path(os.path.abspath(folder / os.path.relpath(place, was)))
        except ValueError:  # on another drive
            continue
        if moved.exists():
            data[key] = str(moved)
    if not Path(data.root).exists():
        data.root = "data"  # generated anew, where the command is given


def _started_in(folder: Path) -> Path | None:
    """Where a run's command was given, as Hydra has written it down."""
    try:
        tree = yaml.safe_load((folder / ".hydra" / "hydra.yaml").read_text(encoding="utf-8"))
        return Path(tree["hydra"]["runtime"]["cwd"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return None


def _weights(path: Path) -> dict[str, Any]:
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except pickle.UnpicklingError:
        raise UserError(
            f"{path} holds more than plain tensors and is refused: loading it would execute code"
        ) from None
    except Exception as error:  # torch raises whatever the bytes lead its unpickler to
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} can't be read as a checkpoint ({reason})") from None
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("state_dict"), dict):
        raise UserError(f"{path}: no state_dict in it; it isn't a checkpoint of this project")
    return dict(checkpoint["state_dict"])
