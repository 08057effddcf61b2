"""`evaluate.py`: a finished run asked again, or a sweep's report made again."""

from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.questions.asked import ask
from digitsum.reports.report import report
from digitsum.runs.checks.rules import near
from digitsum.runs.evaluation import evaluate_run
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
    if not isinstance(config.tell, bool):
        raise UserError(f"tell is {config.tell}; it must be true or false")
    if config.status is not False:
        raise UserError(
            "status is for sweep=FOLDER"
            if config.status is True
            else f"status is {config.status}; it must be true or false"
        )
    if config.tell:
        from digitsum.runs.retell import retell

        if config.run is None:
            raise UserError("tell is for run=FOLDER")
        retell(Path(config.run).resolve())
        return
    if config.digits is not None:
        from digitsum.runs.asking import ask_run

        if config.run is None:
            raise UserError("digits is for run=FOLDER")
        ask_run(Path(config.run).resolve(), str(config.digits))
        return
    if config.figures not in (None, "gates"):
        raise UserError(f"figures is {config.figures}; it must be gates, or null")
    length = config.data.length
    if length is not None and not (isinstance(length, int) and length >= SHORTEST):
        raise UserError(f"data.length is {length}; it must be a whole number, at least {SHORTEST}")
    lengths = config.lengths
    if lengths is not None:
        listed = list(lengths) if isinstance(lengths, ListConfig) else [lengths]
        if config.sweep is None:
            raise UserError("lengths is for sweep=FOLDER; with run=FOLDER give data.length")
        if not listed or not all(type(one) is int and one >= SHORTEST for one in listed):
            raise UserError(
                f"lengths is {','.join(map(str, listed))}; it must be whole numbers, at least "
                f"{SHORTEST}, joined by commas"
            )
        ask(Path(config.sweep).resolve(), config.split, listed)
    elif config.sweep is not None:
        report(Path(config.sweep).resolve(), OmegaConf.to_container(config.report))
    else:
        evaluate_run(Path(config.run).resolve(), config)
