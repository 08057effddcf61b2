"""The numbers that decide how much a run needs, read from its configuration."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf

from digitsum.runs.build import question
from digitsum.runs.checks.trainer_flags import doubles
from digitsum.runs.checks.trial import small_classifiers
from digitsum.task.examples import Examples, Split
from digitsum.task.files import load_folder
from digitsum.task.question import Question

Array = np.ndarray[Any, Any]
_known: dict[str, Array] = {}  # polynomials of kinds of networks


class Counts(NamedTuple):
    """What sizes are made of."""

    replicas: int
    length: int
    hidden: int
    batch: int
    examples: int  # in all splits
    distinct: int  # replicas whose files differ
    weights: int  # floats of one replica
    gates: int
    states: int
    points: int  # evaluations
    number: int = 4  # bytes of a weight or a state


def counted(config: DictConfig) -> Counts:
    """Of a checked configuration; files of a person's own are counted."""
    data = config.data
    train, examples = 100 * data.copies, 100 * data.copies + 200
    if data.dir is not None:
        there = {split: len(one.labels) for split, one in _brought(data).items()}
        train, examples = there["train"], sum(there.values())
    shared = data.dir is not None or bool(getattr(get_class(data.source._target_), "shared", False))
    cell: Any = get_class(config.model._target_)
    epochs, steps = config.trainer.max_epochs, config.trainer.max_steps
    limits = [one for one in (_steps(epochs, train, data.batch_size), steps) if one and one > 0]
    return Counts(
        config.replicas,
        data.length,
        config.model.hidden_size,
        min(data.batch_size, train),
        examples,
        1 if shared else config.replicas,
        _weights(config),
        len(cell.gates) * config.model.get("layers", 1),
        len(cell.states) * config.model.get("layers", 1),
        min(limits, default=0) // config.evaluate_every,
        8 if doubles(config.trainer.get("precision")) else 4,
    )


def _brought(data: DictConfig) -> dict[Split, Examples]:
    return load_folder(Path(data.dir), data.get("ask", "sum"))


def _steps(epochs: int | None, train: int, batch: int) -> int:
    return (epochs or 0) * -(-train // batch)


def _weights(config: DictConfig) -> int:
    """How many floats a replica has: a polynomial in both sizes, found once from small networks."""
    kind = OmegaConf.masked_copy(config, ["model", "embedding", "init"])
    has_size = "size" in kind.embedding
    hidden, size = kind.model.hidden_size, kind.embedding.size if has_size else 2
    kind.model.hidden_size = 0
    if has_size:
        kind.embedding.size = 0
    asked = question(config)
    name = f"{OmegaConf.to_yaml(kind)}{asked}"
    if name not in _known:
        _known[name] = _polynomial(config, asked)
    return round(float(np.dot(_known[name], [1.0, hidden, hidden**2, size, size * hidden])))


def _polynomial(config: DictConfig, asked: Question) -> Array:
    sizes = ((2, 2), (3, 2), (5, 2), (2, 3), (3, 3))
    rows = [[1, hidden, hidden**2, size, size * hidden] for hidden, size in sizes]
    counts = [
        sum(one.numel() for one in small.state_dict().values())
        for small in small_classifiers(config, sizes, asked)
    ]
    return np.asarray(np.linalg.lstsq(np.array(rows, float), np.array(counts, float), None)[0])
