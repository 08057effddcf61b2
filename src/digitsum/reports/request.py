"""What `evaluate.py` is asked to do, checked before PyTorch is imported."""

from pathlib import Path

from omegaconf import DictConfig, ListConfig

from digitsum.errors import UserError
from digitsum.runs import results
from digitsum.runs.checks.rules import near
from digitsum.sweeps.manifest import read_manifest
from digitsum.task.examples import SHORTEST, SPLITS
from digitsum.task.question import KNOWN
from digitsum.task.sequences import sequences


def check_request(config: DictConfig) -> None:
    """Check `conf/evaluate.yaml` as it was overridden, and that the run or sweep is there.

    Raises:
        UserError: the first value that can't be.
    """
    if (config.run is None) == (config.sweep is None):
        raise UserError("give one of run=FOLDER and sweep=FOLDER")
    if config.split not in SPLITS:
        raise UserError(
            f"split is {config.split}; it must be one of {', '.join(SPLITS)}"
            + near(str(config.split), SPLITS)
        )
    for key in ("tell", "status"):
        if not isinstance(config[key], bool):
            raise UserError(f"{key} is {config[key]}; it must be true or false")
    if config.figures not in (None, "gates"):
        raise UserError(f"figures is {config.figures}; it must be gates, or null")
    length = config.data.length
    if length is not None and not (isinstance(length, int) and length >= SHORTEST):
        raise UserError(f"data.length is {length}; it must be a whole number, at least {SHORTEST}")
    if config.lengths is not None:
        listed = lengths(config)
        if not listed or not all(type(one) is int and one >= SHORTEST for one in listed):
            raise UserError(
                f"lengths is {','.join(map(str, listed))}; it must be whole numbers, at least "
                f"{SHORTEST}, joined by commas"
            )
    if config.run is not None:
        _check_run(config)
    else:
        _check_sweep(config)


def lengths(config: DictConfig) -> list[int]:
    """Those at which a sweep is to be asked; none where it isn't."""
    found = config.lengths
    return [] if found is None else list(found) if isinstance(found, ListConfig) else [found]


def _check_run(config: DictConfig) -> None:
    if config.lengths is not None:
        raise UserError("lengths is for sweep=FOLDER; with run=FOLDER give data.length")
    if config.status:
        raise UserError("status is for sweep=FOLDER")
    settings = results.read_complete(Path(config.run).resolve())["settings"]
    asked = KNOWN.get(str(settings.get("data.ask", "sum")))
    if config.digits is not None and asked is not None:  # else only the files say what there is
        sequences(str(config.digits), asked)


def _check_sweep(config: DictConfig) -> None:
    for key, given in (("tell", config.tell), ("digits", config.digits is not None)):
        if given:
            raise UserError(f"{key} is for run=FOLDER")
    read_manifest(Path(config.sweep).resolve())
