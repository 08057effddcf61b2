"""A finished run, read back as data only: JSON, YAML and tensors, nothing that executes."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor

from digitsum import results
from digitsum.build import build_classifier
from digitsum.checkpointing import CURRENT as CHECKPOINT
from digitsum.checks import check
from digitsum.classifier import Classifier
from digitsum.errors import UserError

# What a stored configuration may make us call when its network and data are built again.
_OURS = "digitsum."
_BUILT = ("model", "embedding", "init", "data")


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
    if not folder.is_dir():
        raise UserError(f"run: {folder} is not a folder; it must be that of a finished run")
    result = results.read(folder)
    if result.get("status") != "complete":
        raise UserError(f"{folder / results.NAME}: status is {result.get('status')}, not complete")
    config = _config(folder / "config.yaml")
    check(config)
    classifier = build_classifier(config)
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


def _config(path: Path) -> DictConfig:
    try:
        config = OmegaConf.create(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except (OSError, ValueError, yaml.YAMLError, OmegaConfBaseException) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} can't be read as a configuration ({reason})") from None
    if not isinstance(config, DictConfig) or not all(key in config for key in _BUILT):
        raise UserError(f"{path}: not a run's configuration; {', '.join(_BUILT)} are needed")
    for key in _BUILT:
        for target in _targets(OmegaConf.to_container(config[key])):
            if not target.startswith(_OURS):
                raise UserError(
                    f"{path}: {key} names {target} to be called; only {_OURS}* is from a stored run"
                )
    return config


def _targets(node: Any) -> list[str]:
    if not isinstance(node, dict):
        return []
    own = [str(node["_target_"])] if "_target_" in node else []
    return own + [target for child in node.values() for target in _targets(child)]


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
