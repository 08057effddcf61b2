"""Which book is whose."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.loggers import (
    CSVLogger,
    Logger,
    MLFlowLogger,
    TensorBoardLogger,
    WandbLogger,
)

from digitsum.training.logbooks.beside import Beside, BesideBook
from digitsum.training.logbooks.book import Book
from digitsum.training.logbooks.csv import CSVBook
from digitsum.training.logbooks.mlflow import MLFlowBook
from digitsum.training.logbooks.tensorboard import TensorBoardBook
from digitsum.training.logbooks.wandb import WandbBook


def books(trainer: pl.Trainer) -> list[Book[Any]]:
    """One for each of a Trainer's loggers."""
    return [_book(logger) for logger in trainer.loggers]


@contextmanager
def opened(trainer: pl.Trainer) -> Iterator[list[Book[Any]]]:
    """The books of a run, which are closed as failed where it fails."""
    made = books(trainer)
    try:
        yield made
    except BaseException:
        for book in made:
            with suppress(Exception):  # what failed first is what is told
                book.abandon()
        raise


def _book(logger: Logger) -> Book[Any]:
    match logger:
        case Beside():
            return BesideBook(logger)
        case TensorBoardLogger():
            return TensorBoardBook(logger)
        case CSVLogger():
            return CSVBook(logger)
        case WandbLogger():
            return WandbBook(logger)
        case MLFlowLogger():
            return MLFlowBook(logger)
        case _:
            return Book(logger)
