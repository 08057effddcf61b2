"""A sweep's jobs, read back: what each was, what it found, and which settings vary."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from digitsum.errors import UserError
from digitsum.runs import results
from digitsum.studies.jobs import SHARDING, Job, on_dev, pooled
from digitsum.studies.manifest import read_manifest
from digitsum.studies.search import marked


@dataclass(frozen=True)
class Sweep:
    """All jobs of a sweep's manifest, and the settings that vary over them in their order, but for
    `seed` and `replicas`, which only say which job a replica was in.

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


def _setting(name: str) -> str:
    group, _, key = name.partition("_")
    return f"{group}.{key}" if group in ("data", "clip", "loss") and key else name


def collect(folder: Path) -> Sweep:
    """Read a sweep's folder. Raises: UserError, also where a seed occurs twice in one setting."""
    manifest = read_manifest(folder)
    jobs = []
    trials = int(manifest.get("trials", 0))
    listed = marked(folder, manifest["started"]) if trials else manifest["jobs"]
    for entry in listed:
        place = folder / Path(entry["folder"]).name
        try:
            result = results.read(place)
        except UserError:
            result = None
        jobs.append(Job(place, list(entry["overrides"]), result))
    known = manifest.get("study"), jobs, _varied(jobs), manifest.get("report")
    found = Sweep(folder, *known, manifest.get("fixed", []), trials)
    for one in found.complete:
        seeds = [replica["seed"] for replica in one.replicas]
        twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
        if twice:
            raise UserError(
                f"{folder}: seed {twice[0]} occurs twice in {one.name(found.varied)}; jobs that "
                "differ only in seed are one row, so their seeds must differ by replicas or more"
            )
    return found


def _varied(jobs: Sequence[Job]) -> list[str]:
    known = [job.settings for job in jobs if job.result]
    if not known:
        return []
    varied = [
        key
        for key in known[0]
        if key not in SHARDING and len({str(one.get(key)) for one in known}) > 1
    ]
    # A cell may bring its own initialisation or skip: that isn't a second thing that varies.
    return [key for key in varied if not _follows(key, "model", known)]


def _follows(key: str, leader: str, known: list[dict[str, Any]]) -> bool:
    """Whether the leader's value decides the key's."""
    if key not in ("init", "model.skip"):
        return False
    pairs = {(str(one.get(leader)), str(one.get(key))) for one in known}
    return len(pairs) == len({first for first, _ in pairs}) and len(pairs) > 1
