"""Train replicas of a recurrent network on DigitSum.

python train.py model=srn_residual data.length=25
python train.py -m lr=0.1,0.01,0.001
python train.py study=accuracy_vs_length
python train.py study=                     # which studies there are
"""

import gc
import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

import digitsum.runs.search_path  # noqa: F401  registers the folder of studies
from digitsum.runs import cli
from digitsum.studies import catalogue, sweep

CONF = str(Path(__file__).resolve().parent / "conf")


@hydra.main(version_base="1.3", config_path=CONF, config_name="config")
def main(config: DictConfig) -> float:
    """One run, or one job of a sweep; -> the mean best dev accuracy, for sweepers that search."""
    # Torch and Lightning take seconds to import: --help and mistakes don't wait for them.
    gc.disable()  # searching fresh modules for garbage would take a fifth of that time
    from digitsum.studies.job import train

    gc.freeze()
    gc.enable()
    return train(config)


if __name__ == "__main__":
    if catalogue.wants_a_list(sys.argv):
        catalogue.show()
        sys.exit()
    if catalogue.mistyped(sys.argv):
        catalogue.show()  # and Hydra says which word it was
    with cli.told(), sweep.reported():
        cli.run(main, CONF, "config")
