"""Which of a sweep's jobs have a complete result already, found without starting any of them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, open_dict

from digitsum.runs import results
from digitsum.runs.checks.meant import settle
from digitsum.runs.composing import Composer
from digitsum.runs.places import key_of
from digitsum.sweeps.manifest import MANIFEST, job_folder, read_manifest
from digitsum.sweeps.search import mark


def is_sweep(config: DictConfig) -> bool:
    """Whether what Hydra is about to launch is a sweep of ours, rather than another program's."""
    return (Path(config.hydra.sweep.dir) / MANIFEST).exists()


def is_complete(folder: Path, config: DictConfig) -> bool:
    """Whether a job's folder has its result, and it isn't to be made anew.

    Asked before anything that only a run needs, such as its data, is looked at.
    """
    found = None if config.overwrite else results.complete_in(folder)
    if found is None:
        return False
    try:
        settle(config)
        return results.is_of(found, folder, config)
    except Exception:  # a value that can't be: told by the check
        return False


class Jobs:
    """Jobs of one sweep, asked before they are launched.

    Args:
        config: the sweep's, with `hydra`; its folder has its manifest.
        loader: what composes a job.
    """

    def __init__(self, config: DictConfig, loader: ConfigLoader) -> None:
        self.config, self.folder = config, Path(config.hydra.sweep.dir)
        self.manifest = read_manifest(self.folder)
        self._keys = [key_of(one) for one in self.manifest["fixed"]]
        self._loader = loader
        # As the launcher has them, but for `hydra`.
        self.composed = Composer(self._composed_of, config.hydra.runtime.choices)

    def place(self, job: Sequence[str]) -> Path:
        """The folder of a job with these overrides."""
        return self.folder / job_folder(job, self._keys)

    def _composed_of(self, files: list[str]) -> DictConfig:
        config = self._loader.load_sweep_config(self.config, files)
        with open_dict(config):
            del config.hydra  # a third of what is copied for each job
        return config

    def is_complete(self, job: Sequence[str]) -> bool:
        """Whether it has its result; what can't be composed hasn't."""
        place = self.place(job)
        if not (place / results.NAME).exists():
            return False
        with suppress(Exception):  # told where all jobs are composed
            return is_complete(place, self.composed(job))
        return False

    def can_be_composed(self, job: Sequence[str]) -> bool:
        """Whether its files and its values go together."""
        with suppress(Exception):
            self.composed(job)
            return True
        return False

    def to_do(self, jobs: Sequence[list[str]]) -> list[list[str]]:
        """Of a grid's jobs those without a result; says how many have one."""
        left = [job for job in jobs if not self.is_complete(job)]
        _tell(len(jobs) - len(left), len(jobs))
        return left

    def all_done(self, jobs: Sequence[Sequence[str]], first: int) -> bool:
        """Whether a round of a search, of which `first` jobs were asked before, needs none; then
        each is marked as one of this search's.
        """
        if not all(map(self.is_complete, jobs)):
            return False
        for number, job in enumerate(jobs, first):
            mark(self.place(job), number, self.manifest["started"], [*job])
        _tell(len(jobs), len(jobs))
        return True


def _tell(count: int, of: int) -> None:
    if count:
        print(f"{count} of {of} jobs complete already, skipped", flush=True)
