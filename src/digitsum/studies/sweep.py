"""Around a whole sweep: its folder's lock and its list of jobs first, its report at the end."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict

from digitsum.errors import UserError
from digitsum.runs.cli import refusing
from digitsum.runs.folders import Folder
from digitsum.runs.hydra_keys import by_hydra, check_hydra
from digitsum.runs.locks import hold, release
from digitsum.runs.meant import absolute
from digitsum.runs.results import SCHEMA
from digitsum.runs.shape import key_of
from digitsum.runs.typed import in_quotes
from digitsum.studies.manifest import (
    MANIFEST,
    REPORT,
    check_seeds,
    fixed_in,
    folder_of,
    job_folder,
    jobs_of,
)
from digitsum.studies.search import fixed_in_search, is_search, planned, settle
from digitsum.studies.shown import check_shown
from digitsum.writing import write_aside

EXCLUDED = "hydra.job.config.override_dirname.exclude_keys"
# What Hydra, a search's sweeper and a report write in a sweep's folder.
WRITTEN = (MANIFEST, "multirun.yaml", "optimization_results.yaml", *REPORT)
_started: list[Path] = []  # this process's sweep


class SweepReport(Callback):
    """Opens a sweep: takes its folder's lock and lists its jobs."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        # Hydra would make a warning of an exception, and run the jobs all the same.
        refusing(lambda: self._open(config))

    def _open(self, config: DictConfig) -> None:
        check_hydra(config.hydra)
        shown = check_shown(OmegaConf.to_container(config.report, resolve=True), "report")
        search = is_search(config)
        if search:
            settle(config)
        jobs = [] if search else jobs_of(config)
        if not jobs and not search:
            raise UserError("the values given make a sweep of no jobs")
        check_seeds(jobs, config.seed, config.replicas)
        trials = planned(config) if search else 0
        fixed = fixed_in_search(config) if search else fixed_in(jobs)
        keys = [key_of(one) for one in fixed]
        folder = folder_of(absolute(config.hydra.sweep.dir), jobs, fixed)
        own = Folder(folder, "sweep")
        names = [*WRITTEN, *(f"*/{name}" for name in by_hydra(config.hydra))]
        own.check(WRITTEN)
        for job in jobs:
            before, now = folder / job_folder(job), folder / job_folder(job, keys)
            Folder(now if now.exists() else before, "run")
        ask(config)
        if str(config.hydra.launcher._target_).endswith(".SlurmLauncher"):
            from digitsum.studies import cluster  # only now: it needs a package of its own

            cluster.prepare()
        hold(folder, "sweep")
        own.add(names)
        # Jobs are composed anew, each perhaps on another machine: this is what they are told.
        with open_dict(config):
            config.hydra.sweep.dir = str(folder)
            place = in_quotes(str(folder))
            told = [f"{EXCLUDED}={json.dumps(keys)}", f"hydra.sweep.dir={place}"]
            config.hydra.overrides.hydra.extend(told)
        for job in jobs:
            before, now = folder / job_folder(job), folder / job_folder(job, keys)
            if before.exists() and not now.exists():
                before.rename(now)  # of a version that named a job by all that was typed
        choices = config.hydra.runtime.choices
        manifest = {
            "schema": SCHEMA,
            "study": choices.get("study") or choices.get("search"),
            "started": time.time(),
            "report": shown,
            "fixed": fixed,
            "trials": trials,
            "jobs": [{"folder": job_folder(job, keys), "overrides": job} for job in jobs],
        }
        write_aside(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
        _started.append(folder)
        print(f"{f'{trials} trials' if search else f'{len(jobs)} jobs'} -> {folder}", flush=True)


def ask(config: DictConfig) -> None:
    """Once for all jobs, whether a server that they are to tell is there. Raises: UserError."""
    if "tracking_uri" in str(config.logger) or "offline" in str(config.logger):
        from digitsum.runs.loggers import ask_servers  # only now: loggers take seconds to import

        ask_servers(config.logger)


@contextmanager
def reported() -> Iterator[None]:
    """Whatever becomes of a sweep's jobs, its report is made from those that finished.

    Hydra's own `on_multirun_end` isn't called where a job failed.
    """
    try:
        yield
    finally:
        for folder in _started:
            from digitsum.studies.report import report  # only now: figures take a second to import

            try:
                report(folder)
            except OSError as error:
                place = error.filename or str(folder)
                raise OSError(error.errno, error.strerror, place) from None
            release(folder)
        _started.clear()
