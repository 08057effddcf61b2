"""The lab without the command line: data and module from the same overrides."""

from pathlib import Path

from hydra import compose as hydra_compose
from hydra import initialize_config_dir

import digitsum.runs.search_path  # noqa: F401  registers the folder of studies
from digitsum.runs.build import build_data, build_module
from digitsum.runs.checks import check
from digitsum.runs.results import settings
from digitsum.task.data import DigitSumData
from digitsum.training.lit import LitDigitSum

CONF = Path(__file__).resolve().parents[3] / "conf"


def compose(*overrides: str) -> tuple[DigitSumData, LitDigitSum]:
    """What `python train.py OVERRIDES` would train, for a Trainer of your own.

    Raises:
        UserError: a value that can't be.
    """
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = hydra_compose("config", list(overrides), return_hydra_config=True)
    choices = dict(config.hydra.runtime.choices)
    check(config)
    return build_data(config), build_module(config, settings(config, choices))
