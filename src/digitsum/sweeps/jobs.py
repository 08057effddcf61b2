"""A job read back; and several that differ only in `seed`, as the one that they are together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitsum.errors import UserError
from digitsum.runs.results import read_arrays
from digitsum.statistics import Summary, summarise
from digitsum.task.question import SUM

Array = np.ndarray[Any, Any]
LENGTH = "data.length"
# Settings that say which job a replica was in, not what it was.
SHARDING = ("seed", "replicas")
LONG = 8  # characters, beyond which a number is one that a search made up


def shown(value: Any) -> str:
    """A setting's value for people: what a search made up to four digits, all else as it is."""
    text = str(value)
    return f"{value:.4g}" if isinstance(value, float) and len(text) > LONG else text


def told(key: str, value: Any) -> str:
    """A setting for people: a name as it is; a number, or that there is none, by its key."""
    named = isinstance(value, str) and value != "null"
    return str(value) if named else f"{key}={shown(value)}"


class TornFileError(UserError):
    """A file of a job can't be read."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder}: {reason}")
        self.folder, self.reason = folder, reason


# The replica axis of what runs record, where it isn't the second.
_AXIS = {"before": 2, "after": 2, "accuracy": 2}


@dataclass(frozen=True)
class Job:
    """One job: `result` is None where it has none yet.

    `shards` are the jobs that it was made from, where several that differ only in seed are one.
    """

    folder: Path
    overrides: list[str]
    result: dict[str, Any] | None
    shards: tuple["Job", ...] = ()

    @property
    def complete(self) -> bool:
        return self.result is not None and self.result.get("status") == "complete"

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.result["settings"]) if self.result else {}

    @property
    def status(self) -> str:
        return str(self.result["status"]) if self.result else "missing"

    @property
    def replicas(self) -> list[dict[str, Any]]:
        """What each replica found; none where the job isn't complete."""
        return list(self.result["replicas"]) if self.complete and self.result else []

    def name(self, varied: Sequence[str]) -> str:
        """What varies, with its values; the folder's name where nothing does."""
        known = self.settings
        return (
            ",".join(f"{key}={shown(known.get(key))}" for key in sorted(varied)) or self.folder.name
        )

    def values(self, measure: str) -> Array:
        """A measure over replicas [R], NaN where a replica has none."""
        found = [replica.get(measure) for replica in self.replicas]
        return np.array([np.nan if one is None else one for one in found], np.float64)

    def summary(self, measure: str) -> Summary:
        """A measure over replicas, with its interval."""
        return summarise(self.values(measure).tolist())

    @property
    def steps(self) -> int | None:
        """Optimizer steps that it took; None where its result doesn't say."""
        taken = (self.result or {}).get("optimizer_steps")
        return taken if isinstance(taken, int) else None

    @property
    def chance(self) -> float:
        """Test accuracy of guessing; of results that don't say, as sums have it."""
        return float((self.result or {}).get("chance", SUM.chance))

    @property
    def by_chance(self) -> str:
        """The same in words: `0.10 (always 9)`."""
        return str((self.result or {}).get("by_chance", SUM.by_chance))

    @property
    def tested(self) -> Summary:
        """Test accuracy."""
        return self.summary("test_accuracy")

    def recorded(self, name: str) -> bool:
        """Whether there are arrays of this name, in every shard."""
        return all(
            job._path(name).exists() or job._expected(name) for job in self.shards or (self,)
        )

    def _expected(self, name: str) -> bool:
        """Whether the result says that there must be."""
        result = self.result or {}
        probes = result.get("probes")
        return "optimizer_steps" in result if name == "curves" else name in (probes or {})

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def arrays(self, name: str = "curves") -> dict[str, Array]:
        """Arrays that the job recorded, by name; empty where it recorded none."""
        if self.shards:
            return _side_by_side([shard.arrays(name) for shard in self.shards])
        path = self._path(name)
        if not path.exists():
            if self._expected(name):
                raise TornFileError(self.folder, f"{path.name} is missing")
            return {}
        try:
            return read_arrays(path)
        except UserError as error:
            raise TornFileError(self.folder, f"{path.name} can't be read ({error})") from None


def on_dev(job: Job) -> float:
    """Mean best dev accuracy; -1 where no replica has one, so that it is behind all that have."""
    values = job.values("best_dev_accuracy")
    return float(np.nanmean(values)) if np.isfinite(values).any() else -1.0


def _side_by_side(shards: list[dict[str, Array]]) -> dict[str, Array]:
    """Arrays of several jobs as one's, along the replica axis; what has none (`step`) is shared."""
    if not all(shards):
        return {}
    return {
        name: one if one.ndim < 2 else np.concatenate([s[name] for s in shards], _AXIS.get(name, 1))
        for name, one in shards[0].items()
    }


def pooled(jobs: Sequence[Job]) -> list[Job]:
    """Complete jobs, those of the same settings but for the seed as one; replicas by seed.

    A pooled job's `replicas` setting counts all of them.
    """
    # Earlier versions said less of what a job was.
    common = set.intersection(*(set(job.settings) for job in jobs)) if jobs else set()
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        kept = {key: value for key, value in job.settings.items() if key in common - {*SHARDING}}
        groups.setdefault(repr(kept), []).append(job)
    return [_one(group) for group in groups.values()]


def _one(group: list[Job]) -> Job:
    if len(group) == 1:
        return group[0]
    group = sorted(group, key=lambda job: int(job.settings["seed"]))
    replicas = [replica for job in group for replica in job.replicas]
    first = group[0]
    settings = first.settings | {"replicas": len(replicas)}
    result = dict(first.result or {}) | {"settings": settings, "replicas": replicas}
    return Job(first.folder, first.overrides, result, tuple(group))
