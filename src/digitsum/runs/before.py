"""Before Hydra makes a run's folder: the check, the folder's lock, and its mark."""

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from digitsum.runs import alive, locks
from digitsum.runs.ahead import compile_ahead
from digitsum.runs.checks.check import check
from digitsum.runs.checks.meant import absolute
from digitsum.runs.cli import refusing
from digitsum.runs.folders import Folder
from digitsum.runs.hydra_keys import check_hydra


class CheckBeforeRun(Callback):
    """Hydra calls this before it makes a run's folder. It makes a warning of an exception and runs
    all the same; so whatever goes wrong here ends the command.
    """

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        refusing(lambda: self._open(config))

    def _open(self, config: DictConfig) -> None:
        count = config.get("replicas")
        model = config.hydra.runtime.choices.get("model", "a run")
        length = OmegaConf.select(config, "data.length")
        alive.begin(f"{model}, length {length}, {count} replica{'s' * (count != 1)}: making ready")
        check_hydra(config.hydra)
        compile_ahead(config)
        folder = absolute(config.hydra.run.dir)
        config.hydra.run.dir = str(folder)
        check(config, config.hydra.overrides.task, folder)
        from digitsum.runs.attempt import check_folder, planned

        names = planned(config, config.hydra)
        check_folder(folder, config, names)
        locks.hold(folder, "run")
        Folder(folder, "run").add(names)

    def on_run_end(self, config: DictConfig, **_: Any) -> None:
        locks.release(Path(config.hydra.run.dir))
