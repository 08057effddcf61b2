"""How far a sweep is: what is done, what runs and how far, what failed, and about how long the rest
takes. Only read, without torch: one may look while it runs.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from digitsum import paper, shell
from digitsum.errors import UserError
from digitsum.paper import duration
from digitsum.runs import results
from digitsum.runs.places import key_of
from digitsum.sweeps.manifest import read_manifest
from digitsum.sweeps.search import Round, listed, told_round

FILE = "standing.json"  # as digitsum.training.standing writes it, which needs torch
STALE = 90.0  # seconds without a word, by which a process has been killed: compiling takes less
COMPILING = 5.0  # seconds that a cell's first job takes longer
LENGTH, MODEL = "data.length", "model"
_NOT_ITS_KIND = (LENGTH, "seed")


class Entry(NamedTuple):
    """A job of the sweep as its folder has it.

    Attributes:
        name: its folder's.
        typed: its overrides, by key.
        seconds: that it took; None unless it is complete.
        error: why there is no result, where it failed.
        told: what its training has told last; empty where there is none.
    """

    name: str
    typed: dict[str, str]
    seconds: float | None
    error: str | None
    told: dict[str, Any]

    @property
    def running(self) -> bool:
        """Whether it has told within the last minute and a half that it does."""
        lately = time.time() - self.told.get("told", 0.0) < STALE
        return self.seconds is None and self.told.get("running") is True and lately

    @property
    def begun(self) -> str:
        """`step 7600 of 19000, dev accuracy 0.431`; empty where nothing was told."""
        if "step" not in self.told:
            return ""
        of = f" of {self.told['steps']}" if self.told.get("steps") else ""
        dev = self.told.get("dev_accuracy")
        return f"step {self.told['step']}{of}" + (f", dev accuracy {dev:.3f}" if dev else "")

    @property
    def left(self) -> float | None:
        """Seconds until its last step, at its own pace so far."""
        pace, steps = self.told.get("per_step"), self.told.get("steps")
        if not self.running or not pace or not steps:
            return None
        since = max(0.0, time.time() - self.told["told"])
        return float(max(0.0, pace * (steps - self.told["step"]) - since))


class Standing(NamedTuple):
    """All jobs of a sweep, and how many there are to be; of a search that asks round by round, to
    this round's end.
    """

    folder: Path
    jobs: list[Entry]
    total: int
    round: Round | None = None

    @property
    def done(self) -> list[Entry]:
        return [one for one in self.jobs if one.seconds is not None]

    @property
    def running(self) -> list[Entry]:
        return [one for one in self.jobs if one.running]

    @property
    def failed(self) -> list[Entry]:
        return [one for one in self.jobs if one.error is not None and not one.running]

    @property
    def to_come(self) -> list[Entry]:
        known = [one for one in self.jobs if one.seconds is None and one.error is None]
        return [one for one in known if not one.running]

    @property
    def left(self) -> float | None:
        """Seconds until all is done, by what the jobs most like those to come have taken; None
        before there is any pace.
        """
        done, running = self.done, self.running
        now = [_expected(one, done, running) for one in running]
        later = [_expected(one, done, running) for one in self.to_come]
        unknown = self.total - len(self.jobs)
        if unknown > 0 and done:
            later += [_mean([one.seconds or 0.0 for one in done])] * unknown
        if any(one is None for one in (*now, *later)):
            return None
        known = [one for one in later if one is not None]
        soon = max([one for one in now if one is not None], default=0.0)
        soon += sum(known) / max(1, len(now))
        if self.round is None or self.round.left is None:
            return soon
        return max(soon, self.round.left - (time.time() - self.round.told))

    def expected(self, name: str) -> float | None:
        """Seconds that are left of one job; None before there is any pace."""
        mine = [one for one in self.jobs if one.name == name]
        return _expected(mine[0], self.done, self.running) if mine else None


def _expected(job: Entry, done: Sequence[Entry], running: Sequence[Entry]) -> float | None:
    """Of a job that runs what is left; of another what those took that share most with it, in
    proportion to length.
    """
    if job.left is not None:
        return job.left
    known = [(one, one.seconds / _length(one)) for one in done if one.seconds is not None]
    for one in running:
        if one.left is not None:
            whole = one.told["per_step"] * one.told["steps"]
            known.append((one, whole / _length(one)))
    if not known:
        return None
    most = max(_shared(job, one) for one, _ in known)
    pace = _mean([pace for one, pace in known if _shared(job, one) == most])
    cells = {one.typed.get(MODEL) for one in (*done, *running)}
    return pace * _length(job) + COMPILING * (job.typed.get(MODEL) not in cells)


def _length(job: Entry) -> float:
    text = job.typed.get(LENGTH, "")
    return float(text) if text.isdecimal() and int(text) else 1.0


def _shared(one: Entry, other: Entry) -> int:
    """In how many settings two agree that decide what a step costs."""
    keys = one.typed.keys() & other.typed.keys() - {*_NOT_ITS_KIND}
    return sum(one.typed[key] == other.typed[key] for key in keys)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def standing(folder: Path) -> Standing:
    """Look into a sweep's folder. Raises: UserError, where it isn't a sweep's."""
    manifest = read_manifest(folder)
    known = listed(folder, manifest)
    jobs = [_entry(folder / job["folder"], job["overrides"]) for job in known]
    last = told_round(folder)
    if last is None or last.told < manifest["started"]:  # an earlier search's
        return Standing(folder, jobs, max(len(jobs), manifest["trials"]))
    return Standing(folder, jobs, max(len(jobs), last.asked), last)


def _entry(place: Path, overrides: list[str]) -> Entry:
    typed = {key_of(one): one.partition("=")[2] for one in overrides}
    complete = results.complete_in(place)
    if complete is not None:
        return Entry(place.name, typed, results.seconds(complete) or 0.0, None, {})
    failed = results.failure(place)
    return Entry(place.name, typed, None, failed["error"] if failed else None, _told(place))


def _told(place: Path) -> dict[str, Any]:
    """What a training has told of itself, if it is as a training tells it."""
    try:
        found = results.read_json(place / FILE, "a run")
    except UserError:
        return {}
    if not isinstance(found, dict) or not isinstance(found.get("step"), int):
        return {}
    numbers = ("told", "per_step", "steps", "dev_accuracy")
    plain = all(isinstance(found.get(key), int | float | None) for key in numbers)
    return found if plain and isinstance(found.get("told"), int | float) else {}


def show(folder: Path) -> None:
    """On the terminal. Raises: UserError, where the folder isn't a sweep's."""
    now, console = standing(folder), paper.paper()
    counts = [f"{len(now.done)} of {now.total} jobs done"]
    for what, jobs in (("running", now.running), ("failed", now.failed)):
        counts += [f"{len(jobs)} {what}"] if jobs else []
    waiting = now.total - len(now.done) - len(now.running) - len(now.failed)
    counts += [f"{waiting} to come"] if waiting else []
    left = f"; about {duration(now.left)} left" if now.left and now.running else ""
    if now.round and len(now.done) < now.total:
        left += f" (round {now.round.number} of a search, which asks more as it goes)"
    console.print(", ".join(counts) + left)
    for one in now.running:
        own = f", {duration(one.left)} left" if one.left is not None else ""
        console.print(f"Running  {one.name}: {one.begun}{own}")
    for one in now.to_come:
        if one.begun:
            console.print(f"Stopped  {one.name}: {one.begun}")
    for one in now.failed:
        console.print(f"Failed   {one.name}: {one.error}")
    if not now.running:
        console.print(f"Report   {shell.command('evaluate', f'sweep={folder}')}")
