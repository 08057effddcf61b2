"""`sweep.json`: which jobs a sweep has, and what its report shows.

It lists the jobs of the sweep that ran last; a folder may hold others beside them, of a grid that
has changed since, and those are never mixed in.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, cast

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.places import key_of
from digitsum.runs.results import SCHEMA, read_json

MANIFEST = "sweep.json"
REPORT = ("results.csv", "report.md", "report.html")  # beside its figures
# Not part of what a job is.
ASIDE = ("study", "search", "resume", "overwrite")
_KEPT_ELSEWHERE = ("data.root",)  # changes where examples are kept alone
LONGEST = 120  # characters of a job folder's name
# Names that Windows keeps for devices, whatever their ending.
_DEVICES = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{i}" for port in ("COM", "LPT") for i in range(10)),
}


def job_folder(overrides: Sequence[str], fixed: Sequence[str] = ()) -> str:
    """A job's folder is named by what varies over its sweep, sorted: the same job, the same folder.

    A name that some system can't have, or that leaves too little of the 260 characters that a path
    may have on Windows, is mended and told apart by a hash of what it was.

    Args:
        overrides: the job's.
        fixed: keys that are the same in all jobs of its sweep.
    """
    kept = [one for one in overrides if key_of(one) not in (*ASIDE, *fixed)]
    return portable(",".join(sorted(kept)) or "job")


def named(folder: Path, overridden: Sequence[str]) -> Path:
    """Where a study lies unless it was told: the plain folder is the study as its YAML has it, and
    whatever is overridden is in the name, `accuracy_vs_length,replicas=64`.
    """
    kept = sorted(one for one in overridden if key_of(one) not in (*ASIDE, *_KEPT_ELSEWHERE))
    return folder.with_name(portable(",".join([folder.name, *kept]))) if kept else folder


def folder_of(
    folder: Path,
    jobs: Sequence[Sequence[str]],
    fixed: Sequence[str],
    usual: Collection[str] = (),
) -> Path:
    """Where a sweep lies: in its folder, or beside it where that holds the same grid with other
    fixed values, of an earlier version or because the folder was given for both.

    Args:
        folder: as it was given.
        jobs: their overrides; none of a search.
        fixed: those that all jobs have.
        usual: overrides that say what the study says anyway.
    """
    try:
        before = read_manifest(folder)
    except UserError:
        return folder
    keys = [key_of(one) for one in fixed]
    names = {job_folder(job, keys) for job in jobs} & {one["folder"] for one in before["jobs"]}
    was = before.get("fixed") or fixed_in([one["overrides"] for one in before["jobs"]])
    searched = not jobs and before.get("trials")  # a search's jobs aren't known beforehand
    was, now = ([one for one in known if one not in usual] for known in (was, fixed))
    if not (names or searched) or was == now:
        return folder
    other = [one for one in now if one not in was] or ["unchanged"]
    return folder.with_name(portable(",".join([folder.name, *other])))


def portable(said: str) -> str:
    """A name for a folder on any system that says this, told apart by a hash where it can't."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]|\.\.|[. ]$', "_", said)
    if name.partition(".")[0].upper() in _DEVICES:
        name = f"_{name}"
    if name != said or len(name) > LONGEST:
        name = f"{name[:LONGEST]}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    return name


def fixed_in(jobs: Sequence[Sequence[str]]) -> list[str]:
    """Overrides that all jobs have."""
    shared = set(jobs[0]).intersection(*jobs[1:]) if jobs else set()
    return sorted(one for one in shared if key_of(one) not in ASIDE)


OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)


def jobs_of(config: DictConfig) -> list[list[str]]:
    """The grid as Hydra's basic sweeper expands it."""
    fixed = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    # As typed: an interpolation in an override is a job's own.
    typed = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    # The loader knows what is in a group, for `model=glob(srn*)`.
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    parsed = parser.parse_overrides([*fixed, *cast(list[str], typed)])
    return [job for batch in BasicSweeper.split_arguments(parsed, None) for job in batch]


def check_seeds(jobs: Sequence[Sequence[str]], seed: int, replicas: int) -> None:
    """Refuse jobs that differ only in `seed` and share seeds: a replica would count twice.

    Args:
        jobs: their overrides.
        seed, replicas: where a job doesn't say.

    Raises:
        UserError: naming both.
    """
    taken: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for job in jobs:
        said = dict(one.partition("=")[::2] for one in job)
        own = [said.get("seed", str(seed)), said.get("replicas", str(replicas))]
        if not all(one.isdecimal() for one in own):
            continue  # told by the job's own check
        first, count = map(int, own)
        rest = tuple(sorted(o for o in job if o.partition("=")[0] not in ("seed", "replicas")))
        for other, size in taken.setdefault(rest, []):
            if first < other + size and other < first + count:
                twice = max(first, other)
                raise UserError(
                    f"seed: {other} with replicas={size} and {first} with replicas={count} both "
                    f"have seed {twice}; jobs that differ only in seed are one row, so give seeds "
                    f"that differ by replicas or more: seed={other},{other + size}"
                )
        taken[rest].append((first, count))


def read_manifest(folder: Path) -> dict[str, Any]:
    """A sweep's list of jobs, of which each folder is one of its own.

    Raises:
        UserError: it is missing, torn, of another schema, or not as a sweep writes it.
    """
    path = folder / MANIFEST
    manifest = read_json(path, "a sweep")
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise UserError(f"{path}: not a sweep of schema {SCHEMA}")
    known: dict[str, Any] = {"study": None, "report": None, "fixed": [], "trials": 0, "started": 0}
    known["grows"] = 0
    known |= manifest
    for key, kinds in (
        ("study", str | None),
        ("fixed", list),
        ("trials", int),
        ("grows", int),
        ("started", int | float),
        ("jobs", list),
    ):
        if not isinstance(known.get(key), kinds):
            raise UserError(f"{path}: {key} is {known.get(key)!r}; it isn't as a sweep writes it")
    if not all(isinstance(one, str) for one in known["fixed"]):
        raise UserError(f"{path}: fixed is {known['fixed']!r}; it must be overrides")
    for number, job in enumerate(known["jobs"]):
        if not is_job(job):
            raise UserError(f"{path}: jobs[{number}] is {job!r}; it must be a folder and overrides")
    return known


def is_job(entry: Any) -> bool:
    """Whether it names a folder right in a sweep's own, and lists overrides."""
    if not isinstance(entry, dict):
        return False
    name, overrides = entry.get("folder"), entry.get("overrides")
    plain = isinstance(name, str) and not {"/", "\\"} & set(name) and name not in ("", ".", "..")
    return plain and isinstance(overrides, list) and all(isinstance(o, str) for o in overrides)
