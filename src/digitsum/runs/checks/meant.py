"""What was typed, as it is meant: before a configuration is checked, compared or kept."""

import os
from pathlib import Path

import yaml
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from digitsum.runs.checks.values import RULES

PLACES = ("data.dir", "data.root")
LR = "${lr}"


def settle(config: DictConfig) -> None:
    """Write into a configuration what its values mean: numbers that came as text (from a variable
    of the environment, say) as numbers, `optimizer.lr` as `lr`, paths as absolute ones, with `~` as
    the home and relative ones from where the command was given. What can't be stays as it is.
    """
    for key, (allowed, _) in RULES.items():
        value = _value(config, key)
        if isinstance(value, str) and not allowed(value):
            try:
                decoded = yaml.safe_load(value)
            except yaml.YAMLError:
                continue
            if not isinstance(decoded, str | type(None)) and allowed(decoded):
                OmegaConf.update(config, key, decoded)
    rate = _value(config, "optimizer.lr")
    if rate is not None and _raw(config.optimizer, "lr") != LR and "lr" in config:
        config.lr, config.optimizer.lr = rate, LR
    for key in PLACES:
        place = _value(config, key)
        if isinstance(place, str) and place:
            OmegaConf.update(config, key, str(absolute(place)))


def absolute(place: str) -> Path:
    """A path as somebody typed it, wherever this process goes afterwards."""
    return Path(os.path.abspath(started_in() / os.path.expanduser(place)))


def started_in() -> Path:
    """Where the command was given; Hydra may have gone into a run's folder since."""
    if HydraConfig.initialized() and not OmegaConf.is_missing(HydraConfig.get().runtime, "cwd"):
        return Path(HydraConfig.get().runtime.cwd)
    return Path.cwd()


def _value(config: DictConfig, key: str) -> object:
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return None  # told by the check


def _raw(node: DictConfig, key: str) -> object:
    tree = OmegaConf.to_container(node, resolve=False)
    return tree.get(key) if isinstance(tree, dict) else None
