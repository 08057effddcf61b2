"""The lab without the command line: data and module from the same overrides."""

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from digitsum.errors import UserError
from digitsum.runs.build import build_data, build_module
from digitsum.runs.checks.check import check
from digitsum.runs.manual import composed
from digitsum.runs.mistakes import in_one_line
from digitsum.runs.results import settings
from digitsum.runs.search_path import CONF  # and registers the folder of studies
from digitsum.runs.typed import taken
from digitsum.task.data import DigitSumData
from digitsum.training.lit import LitDigitSum


def compose(*overrides: str) -> tuple[DigitSumData, LitDigitSum]:
    """What `python train.py OVERRIDES` would train, for a Trainer of your own.

    Raises:
        UserError: a value that can't be.
    """
    try:
        config = composed(str(CONF), "config", taken(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(in_one_line(error, "config")) from None
    choices = dict(config.hydra.runtime.choices)
    check(config)
    return build_data(config), build_module(config, settings(config, choices))
