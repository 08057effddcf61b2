"""A search: a sweep whose jobs, its trials, a sweeper makes up as it goes, each from what the ones
before have found on dev. Its manifest can't list them, so that each leaves a mark in its folder.
"""

import json
import logging
import time
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.folders import Folder
from digitsum.runs.places import key_of
from digitsum.runs.results import read_json
from digitsum.sweeps.manifest import ASIDE, is_job
from digitsum.writing import write_aside

MARK = "trial.json"
ROUND = "round.json"
GRIDS = ("BasicSweeper", "GridSweeper")


def is_search(config: DictConfig) -> bool:
    """Whether another sweeper than those that expand a grid makes up the jobs."""
    return not str(config.hydra.sweeper._target_).endswith(GRIDS)


def settle(config: DictConfig) -> None:
    """What a sweeper of Optuna's leaves open: it minimises, from a seed of the moment's, two at a
    time. A run returns an accuracy, the same configuration is the same search, and trials that are
    made up one by one learn from all before.
    """
    sweeper = config.hydra.sweeper
    if "optuna" in sweeper._target_:
        import optuna

        optuna.logging.set_verbosity(logging.WARNING)  # trials are told as any jobs are
    if "direction" in sweeper:
        sweeper.direction = "maximize"
    if "seed" in (sweeper.get("sampler") or {}) and sweeper.sampler.seed is None:
        sweeper.sampler.seed = config.seed
    if "n_jobs" in sweeper and "BasicLauncher" in str(config.hydra.launcher._target_):
        sweeper.n_jobs = 1


def planned(config: DictConfig) -> int:
    """How many trials there will be, as far as the sweeper says."""
    known = [config.hydra.sweeper.get(key) for key in ("n_trials", "budget")]  # Optuna, Nevergrad
    return max([1, *(one for one in known if isinstance(one, int))])


def fixed_in_search(config: DictConfig) -> list[str]:
    """What is typed, or given as a parameter, with one value."""
    given = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    typed = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    assert isinstance(typed, list)
    listed = [str(one) for one in (*given, *typed)]
    parsed = OverridesParser.create().parse_overrides(listed)
    pairs = zip(listed, parsed, strict=True)
    single = [text for text, one in pairs if not one.is_sweep_override()]
    return sorted(text for text in single if key_of(text) not in ASIDE)


def mark(folder: Path, number: int, started: float, overrides: list[str]) -> None:
    """Say in a trial's folder which search it belongs to, and as which trial.

    Raises: UserError, where the folder is somebody else's.
    """
    told = {"number": number, "started": started, "overrides": overrides}
    Folder(folder, "run").add([MARK])
    write_aside(folder / MARK, json.dumps(told).encode())


class Round(NamedTuple):
    """Of a search that asks several jobs at a time, what it said at its last round.

    Attributes:
        number: counted from 1.
        asked: jobs of this round and of all before.
        left: seconds until all is done, as it was expected then; None where nobody knew.
        told: when, in seconds since 1970.
    """

    number: int
    asked: int
    left: float | None
    told: float


def tell_round(folder: Path, number: int, asked: int, left: float | None) -> None:
    """Leave word in a search's folder."""
    told = Round(number, asked, left, time.time())
    write_aside(folder / ROUND, json.dumps(told._asdict()).encode())


def told_round(folder: Path) -> Round | None:
    """The last word of a search; None where there is none, or a torn one."""
    try:
        told = Round(**read_json(folder / ROUND, "a search"))
    except (UserError, TypeError):
        return None
    whole = isinstance(told.number, int) and isinstance(told.asked, int)
    timed = isinstance(told.left, float | None) and isinstance(told.told, float)
    return told if whole and timed else None


def made_up(manifest: dict[str, Any]) -> bool:
    """Whether the sweeper makes up its jobs as it goes."""
    return bool(manifest["trials"] or manifest["grows"])


def listed(folder: Path, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """A sweep's jobs; of a search those that it has made so far."""
    return marked(folder, manifest["started"]) if made_up(manifest) else manifest["jobs"]


def marked(folder: Path, started: float) -> list[dict[str, Any]]:
    """The trials of the search that was started then, in their order, as a manifest lists jobs."""
    found = []
    for path in folder.glob(f"*/{MARK}"):
        try:
            told = dict(read_json(path, "a trial"))
        except (UserError, TypeError, ValueError):
            continue  # torn: that trial is made again
        listed = {"folder": path.parent.name, "overrides": told.get("overrides")}
        known = is_job(listed) and isinstance(told.get("number"), int)
        if known and told.get("started") == started:
            found.append((told["number"], listed))
    return [listed for _, listed in sorted(found, key=lambda one: one[0])]
