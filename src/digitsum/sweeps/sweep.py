"""A sweep is opened: its folder's lock, and the list of its jobs."""

import json
import time
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, open_dict

from digitsum.errors import UserError
from digitsum.runs.checks.meant import absolute
from digitsum.runs.folders import Folder
from digitsum.runs.hydra_keys import by_hydra, check_hydra
from digitsum.runs.locks import hold
from digitsum.runs.places import key_of
from digitsum.runs.results import SCHEMA
from digitsum.runs.typed import in_quotes
from digitsum.sweeps.manifest import (
    MANIFEST,
    REPORT,
    check_seeds,
    fixed_in,
    folder_of,
    job_folder,
    jobs_of,
)
from digitsum.sweeps.search import fixed_in_search, is_search, planned, settle
from digitsum.writing import write_aside

EXCLUDED = "hydra.job.config.override_dirname.exclude_keys"
# What Hydra, a search's sweeper and a report write in a sweep's folder.
WRITTEN = (MANIFEST, "multirun.yaml", "optimization_results.yaml", *REPORT)


def open_sweep(config: DictConfig, shown: Any) -> Path:
    """Check a sweep, hold its folder, write down its jobs; -> the folder.

    Args:
        config: as Hydra has it before any job, with `hydra`.
        shown: what its report is to show.

    Raises:
        UserError: a value that can't be, or a folder that is somebody else's, before anything is
            written.
    """
    check_hydra(config.hydra)
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
        from digitsum.sweeps import cluster  # only now: it needs a package of its own

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
    print(f"{f'{trials} trials' if search else f'{len(jobs)} jobs'} -> {folder}", flush=True)
    return folder


def ask(config: DictConfig) -> None:
    """Once for all jobs, whether a server that they are to tell is there. Raises: UserError."""
    if "tracking_uri" in str(config.logger) or "offline" in str(config.logger):
        from digitsum.runs.loggers import ask_servers  # only now: loggers take seconds to import

        ask_servers(config.logger)
