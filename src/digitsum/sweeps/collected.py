"""A sweep's jobs, read back: what each was, what it found, and which settings vary."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from digitsum.errors import UserError
from digitsum.runs import results
from digitsum.runs.checks.meant import PLACES
from digitsum.runs.places import key_of
from digitsum.sweeps.jobs import SHARDING, Job, TornFileError, on_dev, pooled
from digitsum.sweeps.made import Made
from digitsum.sweeps.made import read as read_made
from digitsum.sweeps.manifest import read_manifest
from digitsum.sweeps.search import listed
from digitsum.task.question import SUM

# Keys that are another's name.
SAME = {"optimizer.lr": "lr"}
# What version 0.1 had nowhere in a result, beside what is in a group.
UNLISTED = ("evaluate_every", "recurrence", "loss", "clip", "logger", "callbacks", "experiment")


@dataclass(frozen=True)
class Sweep:
    """All jobs of a sweep's manifest, and the settings that vary over them in their order, but for
    `seed` and `replicas`, which only say which job a replica was in.

    `grows` is the longest length of a search for memory spans, 0 of anything else.
    `shown` is what its report shows, None where the manifest doesn't say; `fixed` are the overrides
    that all jobs have; `trials` is how many jobs a search is to have, 0 of a grid.
    """

    folder: Path
    study: str | None
    jobs: list[Job]
    varied: list[str]
    shown: dict[str, Any] | None = None
    fixed: Sequence[str] = ()
    trials: int = 0
    made: Made = field(default_factory=Made)
    grows: int = 0

    @cached_property
    def complete(self) -> list[Job]:
        """Complete jobs, those that differ only in `seed` as one."""
        return pooled([job for job in self.jobs if job.complete])

    @property
    def unfinished(self) -> list[Job]:
        """Jobs without a complete result, each by itself."""
        return [job for job in self.jobs if not job.complete]

    @property
    def title(self) -> str:
        """The study's name, or what varies."""
        return self.study or " x ".join(self.varied) or self.folder.name

    @property
    def done(self) -> str:
        """`3 of 4 jobs complete`."""
        what = "trials" if self.trials else "jobs"
        count = max(len(self.jobs), self.trials)
        return f"{len(self.jobs) - len(self.unfinished)} of {count} {what} complete"

    @property
    def by_chance(self) -> str:
        """Accuracy of guessing, in words; of all that was asked."""
        return " or ".join(dict.fromkeys(job.by_chance for job in self.complete)) or SUM.by_chance

    @cached_property
    def ranked(self) -> list[Job]:
        """Complete jobs, the highest mean best dev accuracy first."""
        return sorted(self.complete, key=on_dev, reverse=True)

    @property
    def best(self) -> Job | None:
        """The first of them, where any replica has an accuracy."""
        return self.ranked[0] if self.ranked and on_dev(self.ranked[0]) >= 0 else None

    @property
    def in_tensorboard(self) -> bool:
        """Whether a job has left something to browse there."""
        return any(self.folder.glob("*/events.out.tfevents.*"))

    def only(self, **wanted: Any) -> list[Job]:
        """Complete jobs with these settings; `data_length` stands for `data.length`."""
        named = {_setting(key): value for key, value in wanted.items()}
        return [
            job
            for job in self.complete
            if all(job.settings.get(key) == value for key, value in named.items())
        ]

    def alike(self, *but: str) -> dict[tuple[tuple[str, Any], ...], list[Job]]:
        """Complete jobs that agree in all that varies but for `but`; by what they agree in."""
        keys = [key for key in self.varied if key not in but]
        groups: dict[tuple[tuple[str, Any], ...], list[Job]] = {}
        for job in self.complete:
            agreed = tuple((key, job.settings[key]) for key in keys)
            groups.setdefault(agreed, []).append(job)
        return groups

    def without(self, torn: TornFileError) -> "Sweep":
        """The same, once a file of one of its jobs has turned out not to be readable."""
        failed = {"status": "torn", "error": torn.reason}
        jobs = [
            replace(job, result=failed | {"settings": job.settings})
            if job.folder == torn.folder
            else job
            for job in self.jobs
        ]
        return replace(self, jobs=jobs)


def _setting(name: str) -> str:
    group, _, key = name.partition("_")
    return f"{group}.{key}" if group in ("data", "clip", "loss") and key else name


def collect(folder: Path) -> Sweep:
    """Read a sweep's folder. Raises: UserError, also where a seed occurs twice in one setting."""
    manifest = read_manifest(folder)
    jobs = [_job(folder / one["folder"], one["overrides"]) for one in listed(folder, manifest)]
    known = manifest["study"], jobs, _varied(jobs), manifest["report"]
    made = read_made(manifest.get("made"), manifest["started"])
    found = Sweep(folder, *known, manifest["fixed"], manifest["trials"], made, manifest["grows"])
    for one in found.complete:
        seeds = [replica["seed"] for replica in one.replicas]
        twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
        if twice:
            raise UserError(
                f"{folder}: seed {twice[0]} occurs twice in {one.name(found.varied)}; jobs that "
                "differ only in seed are one row, so their seeds must differ by replicas or more"
            )
    return found


def _job(place: Path, overrides: list[str]) -> Job:
    """What a job's folder holds of it: a complete result of its own, else why there is none."""
    failed = results.failure(place)
    try:
        result = results.read(place)
    except UserError as error:
        if failed is None and (place / results.NAME).exists():
            failed = {"status": "torn", "error": str(error), "settings": {}}
        return Job(place, overrides, failed)
    if result["status"] != "complete":
        return Job(place, overrides, failed)
    typed = {key_of(one): one.partition("=")[2] for one in overrides}
    # How a run is told is no part of what it was, but may be what varies; and earlier versions
    # listed some settings alone.
    new = {SAME.get(key, key): value for key, value in typed.items()}
    new = {key: value for key, value in new.items() if "." in key or key in UNLISTED}
    result["settings"] |= {k: v for k, v in new.items() if k not in result["settings"]}
    # A failure of this very configuration, if that is what it was, leaves the result what it is.
    if failed is not None and failed.get("fingerprint") != result.get("fingerprint"):
        return Job(place, overrides, failed)
    if other := _of_another(result["settings"], typed):
        failed = {"status": "failed", "error": f"what is there is of another run ({other})"}
        return Job(place, overrides, failed | {"settings": {}})
    return Job(place, overrides, result)


def _of_another(settings: dict[str, Any], typed: dict[str, str]) -> str:
    """`KEY is VALUE` of a setting that isn't what the job was told; empty where all are."""
    for key, text in typed.items():
        known = settings.get(SAME.get(key, key))
        if known is None or key in PLACES or set("\"'${[(,/\\") & set(text):
            continue
        told = yaml.safe_load(text) if text else ""
        told = "null" if told is None else told
        if isinstance(told, int | float) and isinstance(known, int | float):
            if float(told) != float(known):
                return f"{key} is {known}"
        elif str(told) != str(known) and text != str(known):
            return f"{key} is {known}"
    return ""


def _varied(jobs: Sequence[Job]) -> list[str]:
    known = [job.settings for job in jobs if job.settings]
    if not known:
        return []
    common = set.intersection(*map(set, known)) - set(SHARDING)
    differing = [
        key for key in known[0] if key in common and len({str(one.get(key)) for one in known}) > 1
    ]
    typed = {key_of(one) for job in jobs for one in job.overrides}
    typed |= {SAME[key] for key in typed & SAME.keys()}
    # A choice brings settings with it: those aren't a second thing that varies.
    leaders = [key for key in differing if key in typed and key in results.NAMED]
    return [key for key in differing if key in typed or not _follows(key, leaders, known)]


def _follows(key: str, leaders: list[str], known: list[dict[str, Any]]) -> bool:
    """Whether the leaders' values decide the key's."""
    pairs = {(*(str(one[leader]) for leader in leaders), str(one[key])) for one in known}
    return bool(leaders) and len(pairs) == len({pair[:-1] for pair in pairs})
