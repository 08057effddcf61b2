"""A sweep's jobs, read back: what each was, what it found, and which settings vary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitsum.errors import UserError
from digitsum.runs import results
from digitsum.studies.manifest import read_manifest

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Job:
    """One job: `result` is None where it has none yet."""

    folder: Path
    overrides: list[str]
    result: dict[str, Any] | None

    @property
    def complete(self) -> bool:
        return self.result is not None and self.result.get("status") == "complete"

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.result["settings"]) if self.result else {}

    @property
    def status(self) -> str:
        return str(self.result["status"]) if self.result else "missing"

    def values(self, measure: str) -> Array:
        """A measure over replicas [R], NaN where a replica has none."""
        assert self.result is not None
        found = [replica[measure] for replica in self.result["replicas"]]
        return np.array([np.nan if one is None else one for one in found], np.float64)

    def arrays(self, name: str = "curves") -> dict[str, Array]:
        """Arrays that the job recorded, by name; empty where it recorded none."""
        path = self.folder / f"{name}.npz"
        if not path.exists():
            return {}
        try:
            with np.load(path, allow_pickle=False) as stored:
                return {key: stored[key] for key in stored.files}
        except (OSError, ValueError) as error:
            raise UserError(f"{path} can't be read ({error})") from None


@dataclass(frozen=True)
class Sweep:
    """All jobs of a sweep's manifest, and the settings that vary over them in their order.

    `shown` is what its report shows, None where the manifest doesn't say.
    """

    folder: Path
    study: str | None
    jobs: list[Job]
    varied: list[str]
    shown: dict[str, Any] | None = None

    @property
    def complete(self) -> list[Job]:
        return [job for job in self.jobs if job.complete]

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
    """Read a sweep's folder. Raises: UserError."""
    manifest = read_manifest(folder)
    jobs = []
    for entry in manifest["jobs"]:
        place = folder / Path(entry["folder"]).name
        try:
            result = results.read(place)
        except UserError:
            result = None
        jobs.append(Job(place, list(entry["overrides"]), result))
    return Sweep(folder, manifest.get("study"), jobs, _varied(jobs), manifest.get("report"))


def _varied(jobs: Sequence[Job]) -> list[str]:
    known = [job.settings for job in jobs if job.result]
    if not known:
        return []
    varied = [key for key in known[0] if len({str(one.get(key)) for one in known}) > 1]
    # A cell may bring its own initialisation: that isn't a second thing that varies.
    return [key for key in varied if not _follows(key, "model", known)]


def _follows(key: str, leader: str, known: list[dict[str, Any]]) -> bool:
    """Whether the leader's value decides the key's."""
    if key != "init":
        return False
    pairs = {(str(one.get(leader)), str(one.get(key))) for one in known}
    return len(pairs) == len({first for first, _ in pairs}) and len(pairs) > 1
