"""The lab without the command line: data and module from the same overrides."""

from pathlib import Path

from hydra import compose as hydra_compose
from hydra import initialize_config_dir

import digitsum.search_path  # noqa: F401  registers the folder of studies
from digitsum.build import build_data, build_module
from digitsum.checks import check
from digitsum.data import DigitSumData
from digitsum.lit import LitDigitSum
from digitsum.results import settings

CONF = Path(__file__).resolve().parents[2] / "conf"


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
