"""Memory spans sought by jobs of a sweep: what is asked becomes overrides, results become answers.

Each combination of what is given several values is sought for itself, all of them side by side;
what is asked, and when a search ends, is `span_rule`'s. Hydra's side is `hydra_plugins.digitsum`.
"""

import itertools
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from omegaconf import DictConfig, OmegaConf

from digitsum import paper
from digitsum.errors import UserError
from digitsum.runs import results
from digitsum.runs.places import key_of
from digitsum.sweeps.manifest import job_folder, read_manifest
from digitsum.sweeps.outlook import Asked, seconds_left, takes
from digitsum.sweeps.search import tell_round
from digitsum.sweeps.span_rule import Answer, Ask, Asking, Rule, search

SOUGHT = ("data.length", "lr", "optimizer.lr", "seed", "replicas")
TARGET = "hydra_plugins.digitsum.SpanSweeper"
Rounds = Generator[list[list[str]], None, None]


def seeks_spans(config: DictConfig) -> bool:
    """Whether this sweeper makes up the jobs."""
    return bool(config.hydra.sweeper._target_ == TARGET)


def check_sought(config: DictConfig) -> None:
    """Raises: UserError, where what the search chooses is given; or numbers that can't be."""
    typed = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    assert isinstance(typed, list)
    for one in [*map(str, typed), *map(str, config.hydra.sweeper.get("params") or {})]:
        if key_of(one) in SOUGHT:
            raise UserError(f"{one}: a search for memory spans chooses {key_of(one)} itself")
    sweeper = config.hydra.sweeper
    for key, least in (("shortest", 3), ("longest", 3), ("few", 2), ("batch", 2), ("most", 2)):
        value = sweeper.get(key)
        if not (isinstance(value, int) and value >= least):
            raise UserError(
                f"hydra.sweeper.{key} is {value}; it must be a whole number, at least {least}"
            )
    if not (isinstance(sweeper.factor, int | float) and 1 < sweeper.factor <= 2):
        raise UserError(
            f"hydra.sweeper.factor is {sweeper.factor}; it must be a number above 1, at most 2"
        )
    if sweeper.longest < sweeper.shortest:
        raise UserError(f"hydra.sweeper.longest is {sweeper.longest}, below the shortest")


def _overrides(ask: Ask) -> list[str]:
    return [
        f"data.length={ask.length}",
        f"lr={ask.lr:g}",
        f"seed={ask.seed}",
        f"replicas={ask.replicas}",
    ]


def _asked(ask: Ask, place: Path) -> Asked:
    found = results.read(place)
    replicas = found["replicas"]
    dev, test = (
        np.array([np.nan if one[key] is None else one[key] for one in replicas], np.float64)
        for key in ("best_dev_accuracy", "test_accuracy")
    )
    return Asked(ask, Answer(dev, test), results.seconds(found))


def _written(place: Path) -> int | None:
    """When a job's result was; None as long as there is none."""
    with suppress(OSError):
        return (place / results.NAME).stat().st_mtime_ns
    return None


def _names(cells: Sequence[Sequence[str]]) -> list[str]:
    """What tells the searches apart, with its key where it says nothing by itself; of a single one
    its cell.
    """
    pairs = [dict(one.partition("=")[::2] for one in cell) for cell in cells]
    varied = [key for key in pairs[0] if len({str(one.get(key)) for one in pairs}) > 1] or ["model"]
    named = [[(key, one[key]) for key in varied if key in one] for one in pairs]
    return [", ".join(v if k == "model" else f"{k}={v}" for k, v in one) or "it" for one in named]


@dataclass
class _Search:
    """One of several: what it asks now, and all that it has been told."""

    name: str
    cell: Sequence[str]
    going: Asking
    asks: list[Ask]
    done: list[Asked] = field(default_factory=list)

    def jobs(self) -> list[list[str]]:
        return [[*self.cell, *_overrides(ask)] for ask in self.asks]

    def goes_on(self, found: list[Asked]) -> bool:
        """Told what it asked for: whether it asks for more."""
        self.done += found
        try:
            self.asks = self.going.send([one.answer for one in found])
        except StopIteration:
            return False
        return True


def _tell(number: int, searches: Sequence[_Search], left: float | None) -> None:
    """What this round asks, cell by cell, and in about how many seconds all will be done."""
    told = []
    for one in searches:
        lengths = ", ".join(str(length) for length in sorted({ask.length for ask in one.asks}))
        told.append(f"{one.name} at {lengths}")
    count = sum(len(one.asks) for one in searches)
    jobs = f"{count} job{'s' * (count != 1)}"
    soon = f" · about {paper.duration(left)} left" if left else ""
    paper.paper().print(f"round {number} · {jobs} · {'; '.join(told)}{soon}")


def _longest_first(
    searches: Sequence[_Search], jobs: Sequence[Sequence[list[str]]]
) -> list[list[str]]:
    """A round's jobs, so that where several run at once none is left to run alone at its end."""
    seconds = takes([one.done for one in searches])
    timed = [
        (taken(ask), job)
        for one, taken, several in zip(searches, seconds, jobs, strict=True)
        for ask, job in zip(one.asks, several, strict=True)
    ]
    return [job for _, job in sorted(timed, key=lambda pair: pair[0], reverse=True)]


def rounds(rule: Rule, cells: Sequence[Sequence[str]], folder: Path) -> Rounds:
    """Overrides of jobs to be run, round by round; sent anything once they lie in the folder.

    Args:
        rule: how much is asked.
        cells: overrides of each search.
        folder: the sweep's, whose manifest says what is the same in all jobs.

    Raises:
        UserError: a job has left no result.
    """
    keys = [key_of(one) for one in read_manifest(folder)["fixed"]]
    searches = []
    for name, cell in zip(_names(cells), cells, strict=True):
        going: Asking = search(rule)
        searches.append(_Search(name, cell, going, next(going)))
    number, count, at_once = 0, 0, 1.0
    while searches:
        number += 1
        left = seconds_left(rule, [one.done for one in searches])
        left = left and left / at_once
        _tell(number, searches, left)
        jobs = [one.jobs() for one in searches]
        count += sum(map(len, jobs))
        tell_round(folder, number, count, left)
        places = [[folder / job_folder(job, keys) for job in several] for several in jobs]
        before = {place: _written(place) for place in itertools.chain(*places)}
        begun = time.monotonic()
        yield _longest_first(searches, jobs)
        passed = time.monotonic() - begun
        told = [
            [_asked(ask, place) for ask, place in zip(one.asks, several, strict=True)]
            for one, several in zip(searches, places, strict=True)
        ]
        each = zip(itertools.chain(*places), itertools.chain(*told), strict=True)
        # Those of an earlier try were there already.
        took = sum(one.seconds or 0.0 for place, one in each if _written(place) != before[place])
        if took:
            at_once = max(1.0, took / passed)
        searches = [one for one, found in zip(searches, told, strict=True) if one.goes_on(found)]
