"""Small networks, data and trainers that several test files use."""

from functools import partial
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from hydra.utils import get_class
from omegaconf import OmegaConf

from digitsum.network import cells
from digitsum.network.classifier import Classifier, Readout
from digitsum.network.embedding import Frozen
from digitsum.network.initialisation import Initialisation, replica_generators, uniform, xavier
from digitsum.task.data import DigitSumData
from digitsum.task.examples import IndependentStreams
from digitsum.training.clipping import Clipping
from digitsum.training.lit import LitDigitSum

from .conftest import REPO


def _cell(path: Path) -> Any:
    """The class that a preset names; None of one that stands on another preset."""
    config: Any = OmegaConf.load(path)
    name = config.get("model", config).get("_target_")
    return None if name is None else get_class(name)


# Every cell that can be chosen, so that a new one is held to what all cells are held to.
# Several presets may share one.
CELLS: list[type[cells.Cell]] = list(
    dict.fromkeys(
        found
        for path in sorted((REPO / "conf" / "model").glob("*.yaml"))
        if (found := _cell(path)) is not None
    )
)
INIT = Initialisation(input=xavier, recurrent=xavier, bias=uniform)


def classifier(cell: type[cells.Cell], replicas: int, seed: int = 0, hidden: int = 8) -> Classifier:
    by = replica_generators(seed, replicas)
    embedding = Frozen(by, size=6)
    made = cell(6, hidden, by, INIT)
    return Classifier(embedding, made, Readout(made.read_size, by))


def module(
    cell: type[cells.Cell],
    replicas: int,
    seed: int = 0,
    clipping: Clipping | None = None,
    evaluate_every: int = 10,
    lr: float = 0.01,
) -> LitDigitSum:
    return LitDigitSum(
        classifier(cell, replicas, seed),
        partial(torch.optim.Adam, lr=lr),
        clipping=clipping,
        evaluate_every=evaluate_every,
    )


def data(root: Path, replicas: int, seed: int = 0, **kwargs: object) -> DigitSumData:
    settings = {"length": 6, "batch_size": 16} | kwargs
    return DigitSumData(IndependentStreams(), root=root, replicas=replicas, seed=seed, **settings)  # type: ignore[arg-type]


def trainer(**flags: object) -> pl.Trainer:
    quiet = {
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": False,
        "limit_val_batches": 0,
        "accelerator": "cpu",
    }
    return pl.Trainer(**(quiet | flags))  # type: ignore[arg-type]
