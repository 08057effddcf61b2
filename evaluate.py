"""Evaluate a finished run at any length, or report on a whole sweep.

python evaluate.py run=outputs/2026-01-01/12-00-00-000000
python evaluate.py run=PATH split=dev data.length=50
python evaluate.py sweep=multirun/accuracy_vs_length
python evaluate.py sweep=multirun/accuracy_vs_length lengths=5,10,20,40,80
"""

import gc
from pathlib import Path

import hydra
from omegaconf import DictConfig

from digitsum.runs import cli

CONF = str(Path(__file__).resolve().parent / "conf")


@hydra.main(version_base="1.3", config_path=CONF, config_name="evaluate")
def main(config: DictConfig) -> None:
    """Exactly one of `run` and `sweep`."""
    # Torch takes seconds to import: --help and mistakes don't wait for it.
    gc.disable()  # searching fresh modules for garbage would take a fifth of that time
    from digitsum.studies.evaluate import evaluate

    gc.freeze()
    gc.enable()
    with cli.told():
        evaluate(config)


if __name__ == "__main__":
    cli.run(main, CONF, "evaluate", lists=("lengths",), paths=("run", "sweep"))
