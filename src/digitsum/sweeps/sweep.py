"""A sweep is opened: its folder's lock, and the list of its jobs."""

import json
from pathlib import Path
from typing import Any, cast

import yaml
from omegaconf import DictConfig, OmegaConf, open_dict

from digitsum.errors import UserError
from digitsum.runs.checks.meant import absolute
from digitsum.runs.folders import Folder
from digitsum.runs.hydra_keys import by_hydra, check_hydra
from digitsum.runs.locks import hold
from digitsum.runs.places import key_of, leaves
from digitsum.runs.results import SCHEMA
from digitsum.runs.search_path import STUDIES
from digitsum.runs.typed import in_quotes
from digitsum.sweeps import made
from digitsum.sweeps.ahead import compile_all
from digitsum.sweeps.manifest import (
    MANIFEST,
    REPORT,
    check_seeds,
    fixed_in,
    folder_of,
    job_folder,
    jobs_of,
    named,
)
from digitsum.sweeps.search import ROUND, fixed_in_search, is_search, planned, settle
from digitsum.sweeps.spans import check_sought, seeks_spans
from digitsum.writing import write_aside

PARAMS = "hydra.sweeper.params."
EXCLUDED = "hydra.job.config.override_dirname.exclude_keys"
# What Hydra, a search's sweeper and a report write in a sweep's folder.
WRITTEN = (MANIFEST, ROUND, "multirun.yaml", "optimization_results.yaml", *REPORT)


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
    grows = seeks_spans(config)
    if grows:
        check_sought(config)
    cells = jobs_of(config) if grows or not search else []
    jobs = [] if search else cells
    if not cells and (grows or not search):
        raise UserError("the values given make a sweep of no jobs")
    check_seeds(jobs, config.seed, config.replicas)
    trials = planned(config) if search and not grows else 0
    fixed = fixed_in(cells) if grows or not search else fixed_in_search(config)
    keys = [key_of(one) for one in fixed]
    place = absolute(config.hydra.sweep.dir)
    told = any(key_of(one) == "hydra.sweep.dir" for one in config.hydra.overrides.hydra)
    choices = config.hydra.runtime.choices
    study = choices.get("study") or choices.get("search")
    usual = _usual(study) if study else set()
    if study and not told:
        typed = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
        place = named(place, [one for one in cast(list[str], typed) if one not in usual])
    folder = folder_of(place, jobs, fixed, usual)
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
    else:
        compile_all(config, cells)
    hold(folder, "sweep")
    own.add(names)
    # Jobs are composed anew, each perhaps on another machine: this is what they are told.
    with open_dict(config):
        config.hydra.sweep.dir = str(folder)
        words = [f"{EXCLUDED}={json.dumps(keys)}", f"hydra.sweep.dir={in_quotes(str(folder))}"]
        config.hydra.overrides.hydra.extend(words)
    for job in jobs:
        before, now = folder / job_folder(job), folder / job_folder(job, keys)
        if before.exists() and not now.exists():
            before.rename(now)  # of a version that named a job by all that was typed
    begun = made.now()
    manifest = {
        "schema": SCHEMA,
        "study": study,
        "started": begun.started,
        "made": begun._asdict(),
        "report": shown,
        "fixed": fixed,
        "trials": trials,
        "grows": int(config.hydra.sweeper.longest) if grows else 0,
        "jobs": [{"folder": job_folder(job, keys), "overrides": job} for job in jobs],
    }
    write_aside(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    count, what, more = len(jobs), "job", "s"
    if grows:
        count, what, more = len(cells), "search", "es"
    elif search:
        count, what = trials, "trial"
    print(f"{count} {what}{more * (count != 1)} -> {folder}", flush=True)
    return folder


def _usual(study: str) -> set[str]:
    """What a study's YAML says, as one would type it: that is no override."""
    said: set[str] = set()
    for path in STUDIES.glob(f"*/{study}.yaml"):
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        said |= {f"{key.removeprefix(PARAMS)}={value}" for key, value in leaves(tree)}
    return said


def ask(config: DictConfig) -> None:
    """Once for all jobs, whether a server that they are to tell is there. Raises: UserError."""
    if "tracking_uri" in str(config.logger) or "offline" in str(config.logger):
        from digitsum.runs.loggers import ask_servers  # only now: loggers take seconds to import

        ask_servers(config.logger)
