"""Checks of a composed configuration: every value before anything is written.

Hydra refuses a key it doesn't know unless it is added with `+`, and it checks no values; both are
done here. A message names the key, what was found and what is allowed.
"""

import difflib
import inspect
import math
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from digitsum.errors import UserError
from digitsum.runs.places import check_places
from digitsum.task.examples import BLOG_LENGTHS, SHORTEST, BlogStream
from digitsum.task.files import load_folder

Rule = tuple[Callable[[Any], bool], str]


def _whole(least: int) -> Rule:
    return (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least,
        f"a whole number, at least {least}",
    )


def _number(allowed: Callable[[float], bool], words: str) -> Rule:
    return (
        lambda v: (
            isinstance(v, int | float)
            and not isinstance(v, bool)
            and math.isfinite(v)
            and allowed(v)
        ),
        words,
    )


def _one_of(*choices: str) -> Rule:
    return lambda v: v in choices, "one of " + ", ".join(choices)


def _or_null(rule: Rule) -> Rule:
    return lambda v: v is None or rule[0](v), f"{rule[1]}, or null"


_POSITIVE = _number(lambda v: v > 0, "a number above 0")
_FRACTION = _number(lambda v: 0 <= v < 1, "a number from 0 up to, not including, 1")
_SWITCH: Rule = (lambda v: isinstance(v, bool), "true or false")
_TEXT: Rule = (lambda v: isinstance(v, str) and v != "", "a path")

# Keys that are absent from a configuration (an optimizer without momentum, say) are passed over.
RULES: dict[str, Rule] = {
    "lr": _POSITIVE,
    "seed": _whole(0),
    "replicas": _whole(1),
    "evaluate_every": _whole(1),
    "recurrence": _one_of("fast", "reference"),
    "resume": _SWITCH,
    "model.hidden_size": _whole(1),
    "model.skip": _number(lambda v: 0 <= v <= 1, "a number from 0 to 1"),
    "embedding.size": _whole(1),
    "data.length": _whole(SHORTEST),
    "data.batch_size": _whole(1),
    "data.shuffle": _SWITCH,
    "data.copies": _whole(1),
    "data.root": _TEXT,
    "data.dir": _or_null(_TEXT),
    "optimizer.lr": _POSITIVE,
    "optimizer.weight_decay": _number(lambda v: v >= 0, "a number, 0 or more"),
    "optimizer.momentum": _FRACTION,
    "loss.reduction": _one_of("mean", "sum"),
    "clip.value": _or_null(_POSITIVE),
    "clip.algorithm": _one_of("norm", "tensor_norm", "value"),
    "trainer.max_epochs": _or_null(
        (lambda v: isinstance(v, int) and (v == -1 or v >= 1), "1 or more, or -1 for no limit")
    ),
    "trainer.max_steps": (
        lambda v: isinstance(v, int) and (v == -1 or v >= 1),
        "1 or more, or -1 for no limit",
    ),
    "trainer.limit_train_batches": (
        lambda v: v == 1.0 or (isinstance(v, int) and v >= 1),
        "a whole number of mini-batches, or 1.0 for all",
    ),
    "callbacks.progress.lines": _SWITCH,
    "callbacks.checkpoints.seconds": _number(lambda v: v >= 0, "a number, 0 or more"),
}


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` where something known is close to the word, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def check(config: DictConfig, overrides: Iterable[str] = ()) -> None:
    """Check the values of a configuration, and read `data.dir` where it is given.

    Where it is, `data.length` becomes what the files have.

    Raises:
        UserError: the first value that can't be.
    """
    # As typed: an interpolation in an override may need a run's folder that isn't there yet.
    listed = isinstance(overrides, ListConfig)
    typed = OmegaConf.to_container(overrides, resolve=False) if listed else list(overrides)
    typed = [str(override) for override in cast(list[Any], typed)]
    for override in typed:
        _check_added(config, override)
    for key, (allowed, words) in RULES.items():
        try:
            value = OmegaConf.select(config, key)
            present = OmegaConf.is_missing(config, key) or _has(config, key)
        except OmegaConfBaseException as error:
            raise UserError(f"{key}: {str(error).splitlines()[0]}") from None
        if present and not allowed(value):
            raise UserError(f"{key} is {_shown(value)}; it must be {words}")
    check_places(config)
    _check_data(config, [override.lstrip("+").partition("=")[0] for override in typed])


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


def _check_added(config: DictConfig, override: str) -> None:
    """Refuse `+KEY=VALUE` where nothing would read KEY: a misspelling, else, runs in silence."""
    if not override.startswith("+"):
        return
    key = override.lstrip("+").partition("=")[0]
    parent, _, last = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    known = [str(name) for name in node] if isinstance(node, DictConfig) else []
    target = node.get("_target_") if isinstance(node, DictConfig) and parent else None
    if target is not None:
        module, _, name = target.rpartition(".")
        parameters = inspect.signature(getattr(import_module(module), name)).parameters
        known = [name for name in parameters if name != "self"]
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
        f"{parent or 'the top level'} has {', '.join(others)}{near(last, others)}"
    )


class CheckBeforeRun(Callback):
    """Hydra calls this before it makes a run's folder, and swallows every Exception."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        try:
            check(config, config.hydra.overrides.task)
        except UserError as error:
            raise SystemExit(f"error: {error}") from None
