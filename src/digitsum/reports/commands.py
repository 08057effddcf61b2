"""The two commands as functions, which the scripts and an installed package call."""

import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

from digitsum.importing import importing
from digitsum.reports import around, catalogue
from digitsum.reports.request import check_request
from digitsum.runs import cli
from digitsum.runs.search_path import CONF  # and registers the folder of studies
from digitsum.sweeps.standing import show


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _train(config: DictConfig) -> float:
    """One run, or one job of a sweep; -> the mean best dev accuracy, for sweepers that search."""
    with importing():  # only now: --help and mistakes don't wait for it
        from digitsum.sweeps.job import train as train_job
    return train_job(config)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="evaluate")
def _evaluate(config: DictConfig) -> None:
    """Exactly one of `run` and `sweep`."""
    with cli.told():
        check_request(config)
        if config.status:
            show(Path(config.sweep).resolve())
            return
        with importing():
            from digitsum.reports.evaluate import evaluate as evaluate_stored
        evaluate_stored(config)


def train() -> None:
    """Train replicas of a recurrent network on DigitSum.

    python train.py model=srn_residual data.length=25
    python train.py -m lr=0.1,0.01,0.001
    python train.py study=accuracy_vs_length
    python train.py study=                     # which studies there are
    """
    if catalogue.wants_a_list(sys.argv):
        cli.begin()
        catalogue.show()
        return
    if catalogue.mistyped(sys.argv):
        cli.begin()
        catalogue.show()  # and Hydra says which word it was
    with cli.last_line(), cli.told(), around.reported():
        cli.run(_train, "config", train.__doc__ or "")


def evaluate() -> None:
    """Evaluate a finished run at any length, or report on a whole sweep.

    python evaluate.py run=outputs/2026-01-01/12-00-00-000000
    python evaluate.py run=PATH split=dev data.length=50
    python evaluate.py sweep=multirun/accuracy_vs_length
    python evaluate.py sweep=multirun/accuracy_vs_length status=true
    python evaluate.py sweep=multirun/accuracy_vs_length lengths=5,10,20,40,80
    """
    with cli.last_line():
        cli.run(_evaluate, "evaluate", evaluate.__doc__ or "", lists=("lengths",))
