"""What was typed must fit the tree that a run reads: no key that nothing reads, none gone, no value
where a group must be.
"""

import inspect
import re
from importlib import import_module
from typing import Any

from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.checks.rules import near
from digitsum.runs.places import key_of, leaves

# What is built, each from a `_target_`; one that is absent is not the matter here.
GROUPS = (
    *("model", "embedding", "init", "init.input", "init.recurrent", "init.bias"),
    *("data", "data.source", "optimizer", "clip", "trainer"),
)
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def check_shape(config: DictConfig) -> None:
    """Raises: UserError, for a group that isn't one or that doesn't say what it builds, or a key
    without a value.
    """
    for key, value in leaves(OmegaConf.to_container(config, resolve=False)):
        if value == "???" and not key.startswith("hydra."):
            raise UserError(f"{key} is ???; it needs a value")
    for group in (*GROUPS, *(f"callbacks.{name}" for name in _names(config, "callbacks"))):
        node = OmegaConf.select(config, group)
        target = node.get("_target_") if isinstance(node, DictConfig) else None
        if not (isinstance(target, str) and _DOTTED.fullmatch(target)):
            found = target if isinstance(node, DictConfig) else node
            name = f"{group}._target_" if isinstance(node, DictConfig) else group
            raise UserError(f"{name} is {found}; {group} must name what it builds (_target_)")
    for group in ("loss", "callbacks", "logger", "report"):
        # A stored run has not all of them.
        if group in config and not isinstance(config[group], DictConfig):
            raise UserError(f"{group} is {config[group]}; it must be a group")


def _names(config: DictConfig, group: str) -> list[str]:
    node = OmegaConf.select(config, group)
    return [str(name) for name in node] if isinstance(node, DictConfig) else []


def check_override(config: DictConfig, override: str) -> None:
    """Raises: UserError, for an added key that nothing reads, or a deleted one that is read."""
    if override.startswith("+"):
        _check_added(config, override)
    key = key_of(override)
    if override.startswith("~") and not key.startswith("callbacks."):
        raise UserError(f"{override}: a run reads {key}; give it a value instead")


def _check_added(config: DictConfig, override: str) -> None:
    """Refuse `+KEY=VALUE` where nothing would read KEY: a misspelling, else, runs in silence."""
    key = key_of(override)
    parent, _, last = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    known = [str(name) for name in node] if isinstance(node, DictConfig) else []
    target = node.get("_target_") if isinstance(node, DictConfig) and parent else None
    if target is not None:
        known = _parameters(target)
        if last in known:
            return
    elif parent in ("callbacks", "logger") or (parent and "/" in key):
        return
    if "@" in key or "/" in key or not parent:
        from hydra.core.hydra_config import HydraConfig

        choices = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}
        if key.partition("@")[0] in choices:
            return
    others = [name for name in known if name != last]
    raise UserError(
        f"{override}: {key} is not a key that anything reads; "
        f"{parent or 'the top level'} has {', '.join(others) or 'none'}{near(last, others)}"
    )


def _parameters(target: Any) -> list[str]:
    """What something that a configuration names can be given; nothing where it isn't there."""
    module, _, name = str(target).rpartition(".")
    try:
        parameters = inspect.signature(getattr(import_module(module), name)).parameters
    except (ImportError, AttributeError, ValueError, TypeError):
        return []
    return [name for name in parameters if name != "self"]
