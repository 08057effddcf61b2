"""`evaluate.py`: a finished run asked again, or a sweep's report made again."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.checks import near
from digitsum.runs.evaluation import evaluate_run
from digitsum.studies.report import report
from digitsum.task.examples import SHORTEST, SPLITS


def evaluate(config: DictConfig) -> None:
    """Do what `conf/evaluate.yaml` asks for. Raises: UserError."""
    if (config.run is None) == (config.sweep is None):
        raise UserError("give one of run=FOLDER and sweep=FOLDER")
    if config.split not in SPLITS:
        raise UserError(
            f"split is {config.split}; it must be one of {', '.join(SPLITS)}"
            + near(str(config.split), SPLITS)
        )
    if config.figures not in (None, "gates"):
        raise UserError(f"figures is {config.figures}; it must be gates, or null")
    length = config.data.length
    if length is not None and not (isinstance(length, int) and length >= SHORTEST):
        raise UserError(f"data.length is {length}; it must be a whole number, at least {SHORTEST}")
    if config.sweep is not None:
        report(Path(config.sweep).resolve(), OmegaConf.to_container(config.report))
    else:
        evaluate_run(Path(config.run).resolve(), config)
