"""From a checked configuration to objects: Hydra's `_target_` is the registry."""

from pathlib import Path
from typing import Any, cast

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from digitsum.network.cells import Cell, Stack
from digitsum.network.classifier import Classifier, Readout
from digitsum.network.initialisation import layer_generators, replica_generators
from digitsum.task.data import DigitSumData
from digitsum.task.files import question_of
from digitsum.task.question import SUM, Question
from digitsum.training.lit import LitDigitSum


def build_data(config: DictConfig) -> DigitSumData:
    """The data module that a configuration describes."""
    return cast(
        DigitSumData,
        instantiate(config.data, seed=config.seed, replicas=config.replicas, _convert_="all"),
    )


def question(config: DictConfig) -> Question:
    """What is asked. Raises: UserError, from a person's own files."""
    directory = config.data.get("dir")
    return question_of(config.data.get("ask", SUM.ask), Path(directory) if directory else None)


def build_classifier(config: DictConfig, asked: Question | None = None) -> Classifier:
    """R networks, replica i started from seed + i; `asked` where somebody knows it already."""
    asked = asked or question(config)
    by = replica_generators(config.seed, config.replicas)
    # Partials, since Hydra would copy the generators that it is handed as arguments.
    embedding = instantiate(config.embedding, _partial_=True)(by=by, items=asked.items)
    kind = {key: value for key, value in config.model.items() if key != "layers"}
    make, init = instantiate(OmegaConf.create(kind), _partial_=True), instantiate(config.init)
    cell: Cell = make(input_size=embedding.size, by=by, init=init)
    layers = [cell]
    for number in range(1, config.model.get("layers", 1)):
        own = layer_generators(config.seed, config.replicas, number)
        layers.append(make(input_size=cell.read_size, by=own, init=init))
    cell = Stack(layers) if len(layers) > 1 else cell
    return Classifier(embedding, cell, Readout(cell.read_size, by, asked.classes))


def build_module(config: DictConfig, settings: dict[str, Any]) -> LitDigitSum:
    """The LightningModule that a configuration describes."""
    return LitDigitSum(
        build_classifier(config),
        instantiate(config.optimizer),
        config.loss.reduction,
        instantiate(config.clip),
        config.evaluate_every,
        settings,
        config.recurrence,
    )
