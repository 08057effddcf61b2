"""Everything that a configuration names, built once and small, before anything is written.

A value may be a number as it must be, and a class be named that isn't there: only building tells.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import lightning.pytorch as pl
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from digitsum.errors import UserError
from digitsum.network.classifier import Classifier
from digitsum.runs.build import build_classifier
from digitsum.runs.configuration import deciding
from digitsum.runs.folders import is_name
from digitsum.runs.loggers import build_logger, loggers_of
from digitsum.runs.places import ASKED, FOLDER, SHARED
from digitsum.task.data import DigitSumData
from digitsum.task.question import Question
from digitsum.training.clipping import Clipping

TRAINER = "lightning.pytorch.Trainer"


def small_classifier(
    config: DictConfig, hidden: int, size: int, asked: Question | None = None
) -> Classifier:
    """One replica of a configuration's network with other sizes of state and embedding."""
    return next(small_classifiers(config, [(hidden, size)], asked))


def small_classifiers(
    config: DictConfig, sizes: Iterable[tuple[int, int]], asked: Question | None = None
) -> Iterator[Classifier]:
    """One for each pair of a state's and an embedding's size."""
    small = deciding(config)  # the rest is most of what there would be to copy
    small.replicas, small.seed = 1, 0
    for hidden, size in sizes:
        small.model.hidden_size = hidden
        if "size" in small.embedding:
            small.embedding.size = size
        yield build_classifier(small, asked)


def check_builds(config: DictConfig, folder: Path) -> None:
    """Build what a configuration names, small.

    Args:
        config: with checked values.
        folder: the run's, which needn't be there and is not written to.

    Raises:
        UserError: naming the group of which something can't be built, and why.
    """
    if config.trainer.get("_target_") != TRAINER:
        raise UserError(f"trainer._target_ is {config.trainer.get('_target_')}; it is {TRAINER}")
    typed = OmegaConf.to_container(config, resolve=False)
    config = _placed(config, folder)
    network = _built("model, embedding, init", lambda: small_classifier(config, 4, 4), Classifier)
    optimizer = _built("optimizer", lambda: instantiate(config.optimizer), None)
    _built("optimizer", lambda: optimizer(network.parameters()), None)
    _built("clip", lambda: instantiate(config.clip), Clipping)
    _built("data", lambda: instantiate(config.data, seed=0, replicas=1), DigitSumData)
    _built("data.source", lambda: instantiate(config.data.source), None)
    for name, one in config.callbacks.items():
        _built(f"callbacks.{name}", partial(instantiate, one), pl.Callback)
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        there = {FOLDER: place, SHARED: Path(place).as_posix()}
        tree = _replaced(typed, lambda found: there.get(found, "trial"))
        for name, one in loggers_of(cast(DictConfig, OmegaConf.create(tree)).logger).items():
            made = _built(name, partial(build_logger, name, one, trial=True), Logger)
            inner = _built(name, partial(getattr, made, "log_dir", None), None)
            if inner is None:
                continue
            at, within = Path(inner).resolve(), Path(place).resolve()
            if not at.is_relative_to(within):
                raise UserError(f"{name} would write outside of the run's folder: name, version")
            below = at.relative_to(within).as_posix()
            if below != "." and ("*" in below or not is_name(below)):
                raise UserError(f"{name} would write into {below!r}, which is no name: version")


def _built(group: str, build: Callable[[], Any], kind: type | None) -> Any:
    try:
        made = build()
    except UserError:
        raise
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__ or error
        raise UserError(f"{group} can't be built: {_first(cause)}") from None
    except Exception as error:  # whatever a constructor makes of a value that isn't its own
        raise UserError(
            f"{group} can't be built: {type(error).__name__}: {_first(error)}"
        ) from None
    if kind is not None and not isinstance(made, kind):
        raise UserError(f"{group} is a {type(made).__name__}; it must be a {kind.__name__}")
    return made


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _placed(config: DictConfig, folder: Path) -> DictConfig:
    """A copy in which the run's folder is written out: Hydra may not know of it yet."""
    if HydraConfig.initialized() and not OmegaConf.is_missing(
        HydraConfig.get().runtime, "output_dir"
    ):
        return config
    tree = OmegaConf.to_container(config, resolve=False)
    placed = _replaced(tree, lambda found: str(folder) if found == FOLDER else found)
    return cast(DictConfig, OmegaConf.create(placed))


def _replaced(tree: Any, said: Callable[[str], str]) -> Any:
    """With other words for what is asked of Hydra."""
    if isinstance(tree, dict):
        return {key: _replaced(value, said) for key, value in tree.items() if key != "hydra"}
    if isinstance(tree, list):
        return [_replaced(value, said) for value in tree]
    return ASKED.sub(lambda found: said(found[0]), tree) if isinstance(tree, str) else tree
