"""Checks of a composed configuration: every value before anything is written.

Hydra refuses a key it doesn't know unless it is added with `+`, and it checks no values; both are
done here. A message names the key, what was found and what is allowed.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from digitsum.errors import UserError
from digitsum.runs import alive
from digitsum.runs.cli import fail
from digitsum.runs.places import check_places
from digitsum.runs.rules import (
    FRACTION,
    POSITIVE,
    SWITCH,
    TEXT,
    Rule,
    number,
    one_of,
    or_null,
    whole,
)
from digitsum.runs.shape import check_override, check_shape, key_of
from digitsum.runs.trainer_flags import FLAGS, check_device, check_plugins
from digitsum.task.examples import BLOG_LENGTHS, SHORTEST, BlogStream
from digitsum.task.files import load_folder

LARGEST_SEED = 2**62  # so that seed + replica stays within torch's generators

# Keys that are absent from a configuration (an optimizer without momentum, say) are passed over.
RULES: dict[str, Rule] = {
    "lr": POSITIVE,
    "seed": (
        lambda v: whole(0)[0](v) and v <= LARGEST_SEED,
        f"a whole number from 0 to {LARGEST_SEED}",
    ),
    "replicas": whole(1),
    "evaluate_every": whole(1),
    "recurrence": one_of("fast", "reference"),
    "resume": SWITCH,
    "model.hidden_size": whole(1),
    "model.skip": number(lambda v: 0 <= v <= 1, "a number from 0 to 1"),
    "embedding.size": whole(1),
    "data.length": whole(SHORTEST),
    "data.batch_size": whole(1),
    "data.shuffle": SWITCH,
    "data.copies": whole(1),
    "data.root": TEXT,
    "data.dir": or_null(TEXT),
    "optimizer.lr": POSITIVE,
    "optimizer.weight_decay": number(lambda v: v >= 0, "a number, 0 or more"),
    "optimizer.momentum": FRACTION,
    "loss.reduction": one_of("mean", "sum"),
    "clip.value": or_null(POSITIVE),
    "clip.algorithm": one_of("norm", "tensor_norm", "value"),
    "callbacks.progress.lines": SWITCH,
    "callbacks.checkpoints.seconds": number(lambda v: v >= 0, "a number, 0 or more"),
} | {f"trainer.{flag}": rule for flag, rule in FLAGS.items()}


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
        # Only now: torch takes seconds to import.
        from digitsum.runs.sizes import check_sizes
        from digitsum.runs.trial import check_builds

        check_device(config.trainer)
        check_builds(config, Path(folder))
        check_sizes(config, Path(folder))


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
    if data.dir is not None:
        length = load_folder(Path(data.dir))["train"].digits.shape[1]
        if "data.length" in overridden and data.length != length:
            raise UserError(f"data.length is {data.length}; {data.dir}/train.txt:1 has {length}")
        data.length = length
    elif data.source._target_.endswith(BlogStream.__name__):
        if data.length not in BLOG_LENGTHS:
            allowed = ", ".join(map(str, BLOG_LENGTHS))
            raise UserError(
                f"data.length is {data.length}; with data=blog it must be one of {allowed}"
            )
        copies = BlogStream.copies["train"]
        if data.copies != copies:
            raise UserError(f"data.copies is {data.copies}; with data=blog it is {copies}")


class CheckBeforeRun(Callback):
    """Hydra calls this before it makes a run's folder, and swallows every Exception."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        replicas = f"{config.get('replicas')} replica{'s' * (config.get('replicas') != 1)}"
        model = config.hydra.runtime.choices.get("model")
        alive.begin(f"{model}, length {config.data.get('length')}, {replicas}: making ready")
        try:
            check(config, config.hydra.overrides.task, config.hydra.run.dir)
        except UserError as error:
            fail(str(error))
