"""A sweep as tables: tidy, one row a job and replica; and for people, one row a job."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from digitsum.runs.places import key_of
from digitsum.runs.table import number, spread
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import Job, shown

MEASURES = {"test_accuracy": "test accuracy", "best_dev_accuracy": "best dev"}


def csv_of(found: Sweep) -> str:
    """The tidy table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(["" if cell is None else cell for cell in row] for row in tidy(found))
    return text.getvalue()


def tidy(found: Sweep) -> list[list[Any]]:
    """A head, then one row a job and replica; a failed job has one row with its error."""
    first = next((job for job in found.jobs if job.result), None)
    settings = list(first.settings) if first else []
    complete = found.complete
    measures = list(complete[0].result["replicas"][0]) if complete else []  # type: ignore[index]
    hidden = {"seed"} if not found.trials else {"seed", "test_accuracy"}
    measures = [measure for measure in measures if measure not in hidden]
    # What is built follows from what is chosen, unless it alone varies.
    built = {key for key in settings if key.rpartition(".")[2] in ("_target_", "_partial_")}
    settings = [key for key in settings if key not in (built | {"seed"}) - set(found.varied)]
    told: list[list[Any]] = [["job", "status", *settings, "seed", *measures, "error"]]
    for job in [*found.complete, *found.unfinished]:
        known = [job.settings.get(key) for key in settings]
        error = (job.result or {}).get("error", "")
        name = job.name(found.varied) if job.complete else job.folder.name
        for row in job.replicas or [{}]:
            cells = [row.get(key) for key in ("seed", *measures)]
            told.append([name, job.status, *known, *cells, error])
    return told


def rows(found: Sweep) -> list[list[str]]:
    """One row a job: the complete ones, then the others."""
    rows = []
    for job in [*found.complete, *found.unfinished]:
        varied = _settings(job, found)
        if job.complete:
            cells = []
            for measure in _measures(found):
                one = job.summary(measure)
                spread = f"{number(one.low)} - {number(one.high)}" if one.replicas > 1 else "-"
                cells += [number(one.mean), spread]
            rows.append([*varied, *cells, str(len(job.replicas)), str(_diverged(job))])
        else:
            rows.append([*varied, _failed(job), *[""] * (2 * len(_measures(found)) + 1)])
    return rows


def narrow(found: Sweep) -> tuple[str, list[str], list[list[str]]]:
    """For a terminal, as narrow as it goes: what is the same in all rows as words, a head, rows."""
    jobs = found.complete
    counts = {len(job.replicas) for job in jobs}
    lost = {job.folder: _diverged(job) for job in jobs}
    same = [f"{min(counts)} replica{'s' * (min(counts) > 1)}"] if len(counts) == 1 else []
    head = [*(found.varied or ["job"]), *(MEASURES[measure] for measure in _measures(found))]
    head += ["replicas"] * (len(counts) > 1) + ["diverged"] * any(lost.values())
    body = []
    for job in jobs:
        cells = [
            *_settings(job, found),
            *(spread(job.summary(one)._asdict()) for one in _measures(found)),
        ]
        cells += [str(len(job.replicas))] * (len(counts) > 1)
        body.append([*cells, *[str(lost[job.folder])] * any(lost.values())])
    empty = [""] * (len(head) - len(found.varied or ["job"]) - 1)
    body += [[*_settings(job, found), job.status, *empty] for job in found.unfinished]
    return ", ".join([found.done, *same, f"by chance {found.by_chance}"]), head, body


def _settings(job: Job, found: Sweep) -> list[str]:
    """What varies, of a job that has no result as it was typed."""
    typed = {key_of(one): one.partition("=")[2] for one in job.overrides}
    known = [shown(job.settings.get(key, typed.get(key, "-"))) for key in found.varied]
    return known or [job.folder.name]


def _failed(job: Job) -> str:
    return f"{job.status}: {(job.result or {}).get('error', 'no result yet')}"


def _diverged(job: Job) -> int:
    return sum(replica.get("diverged_at") is not None for replica in job.replicas)


def best_first(found: Sweep, rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The same rows by mean best dev accuracy, the others behind."""
    own = dict(zip((job.folder for job in found.complete), rows, strict=False))
    return [*(own[job.folder] for job in found.ranked), *rows[len(own) :]]


def head(found: Sweep) -> list[str]:
    told = [word for measure in _measures(found) for word in (MEASURES[measure], "95 % interval")]
    return [*(found.varied or ["job"]), *told, "replicas", "diverged"]


def _measures(found: Sweep) -> list[str]:
    """Of a search, dev alone: what the best does on test is told of it alone."""
    return [measure for measure in MEASURES if not found.trials or measure != "test_accuracy"]
