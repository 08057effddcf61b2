"""`evaluate.py`: a finished run asked again, or a sweep's report made again."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from digitsum.questions.asked import ask
from digitsum.reports.report import report
from digitsum.reports.request import lengths
from digitsum.runs.asking import ask_run
from digitsum.runs.evaluation import evaluate_run
from digitsum.runs.retell import retell


def evaluate(config: DictConfig) -> None:
    """Do what `conf/evaluate.yaml` asks for, once it is checked. Raises: UserError."""
    folder = Path(config.sweep if config.run is None else config.run).resolve()
    if config.sweep is not None:
        if listed := lengths(config):
            ask(folder, config.split, listed)
        else:
            report(folder, OmegaConf.to_container(config.report))
    elif config.tell:
        retell(folder)
    elif config.digits is not None:
        ask_run(folder, str(config.digits))
    else:
        evaluate_run(folder, config)
