"""Checks of a composed configuration: every value before anything is written.

Hydra refuses a key it doesn't know unless it is added with `+`, and it checks no values; both are
done here. A message names the key, what was found and what is allowed.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from digitsum.errors import UserError
from digitsum.importing import importing
from digitsum.runs.checks.inside import check_places
from digitsum.runs.checks.meant import settle
from digitsum.runs.checks.shape import check_override, check_shape
from digitsum.runs.checks.trainer_flags import check_device, check_plugins
from digitsum.runs.checks.values import RULES
from digitsum.runs.places import key_of
from digitsum.task.examples import BLOG_LENGTHS, BlogStream, distractors_in
from digitsum.task.files import load_folder, question_of


def check(
    config: DictConfig, overrides: Iterable[str] = (), folder: str | Path | None = None
) -> None:
    """Check the values of a configuration, and read `data.dir` where it is given.

    Where it is, `data.length` becomes what the files have. With the run's `folder`, also whether
    what it names can be built, and whether this machine has the device, the memory and, there, the
    disk that the run needs.

    Raises:
        UserError: the first value that can't be.
    """
    # As typed: an interpolation in an override may need a run's folder that isn't there yet.
    listed = isinstance(overrides, ListConfig)
    typed = OmegaConf.to_container(overrides, resolve=False) if listed else list(overrides)
    typed = [str(override) for override in cast(list[Any], typed)]
    for override in typed:
        check_override(config, override)
    check_shape(config)
    _check_twice(config, [key_of(override) for override in typed])
    settle(config)
    for key, (allowed, words) in RULES.items():
        try:
            value = OmegaConf.select(config, key)
            present = OmegaConf.is_missing(config, key) or _has(config, key)
        except OmegaConfBaseException as error:
            raise UserError(f"{key}: {str(error).splitlines()[0]}") from None
        if present and not allowed(value):
            raise UserError(f"{key} is {_shown(value)}; it must be {words}")
    check_places(config)
    check_plugins(config.trainer)
    _check_data(config, [key_of(override) for override in typed])
    if folder is not None:
        with importing():  # only now: the mistakes above don't wait for it
            from digitsum.runs.checks.sizes import check_sizes
            from digitsum.runs.checks.trial import check_builds
            from digitsum.runs.loggers import ask_servers
        check_device(config.trainer)
        if not (HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN):
            ask_servers(config.logger)  # of a sweep's, once for all its jobs
        check_builds(config, Path(folder))
        check_sizes(config, Path(folder))


def _check_twice(config: DictConfig, overridden: list[str]) -> None:
    """Two keys never say the same thing differently."""
    if {"lr", "optimizer.lr"} <= set(overridden) and config.optimizer.get("lr") != config.lr:
        raise UserError(
            f"optimizer.lr is {config.optimizer.get('lr')} and lr is {config.lr}; they are the "
            "same: give lr alone"
        )


def _has(config: DictConfig, key: str) -> bool:
    parent, _, last = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    return isinstance(node, DictConfig) and last in node


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value) or "empty"


def _check_data(config: DictConfig, overridden: list[str]) -> None:
    data = config.data
    blog = data.source._target_.endswith(BlogStream.__name__)
    fixed = "data.dir" if data.dir is not None else "data=blog" if blog else None
    if fixed and data.get("fresh"):
        raise UserError(
            f"data.fresh is true; with {fixed} it must be false: its examples are fixed"
        )
    if fixed and data.get("distractors", 1) != 1:
        raise UserError(f"data.distractors is {data.distractors}; with {fixed} it must be 1")
    distractors_in(data.length, data.get("distractors", 1))
    ask = data.get("ask", "sum")
    if blog and data.dir is None and ask != "sum":
        raise UserError(f"data.ask is {ask}; with data=blog it must be sum")
    if data.dir is None:
        question_of(ask, None)  # of labels there is none without files
    else:
        length = load_folder(Path(data.dir), ask)["train"].digits.shape[1]
        if "data.length" in overridden and data.length != length:
            raise UserError(f"data.length is {data.length}; {data.dir}/train.txt:1 has {length}")
        data.length = length
    if blog and data.dir is None:
        if data.length not in BLOG_LENGTHS:
            allowed = ", ".join(map(str, BLOG_LENGTHS))
            raise UserError(
                f"data.length is {data.length}; with data=blog it must be one of {allowed}"
            )
        copies = BlogStream.copies["train"]
        if data.copies != copies:
            raise UserError(f"data.copies is {data.copies}; with data=blog it is {copies}")
