"""A sweep as tables: tidy, one row a job and replica; and for people, one row a job."""

import csv
import io
from collections.abc import Sequence

from digitsum.runs.table import number
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import shown

MEASURES = {"test_accuracy": "test accuracy", "best_dev_accuracy": "best dev"}


def csv_of(found: Sweep) -> str:
    """The tidy table as CSV: one row a job and replica; a failed job has one row with its error."""
    first = next((job for job in found.jobs if job.result), None)
    settings = list(first.settings) if first else []
    complete = found.complete
    measures = list(complete[0].result["replicas"][0]) if complete else []  # type: ignore[index]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    hidden = {"seed"} if not found.trials else {"seed", "test_accuracy"}
    measures = [measure for measure in measures if measure not in hidden]
    # What is built follows from what is chosen, unless it alone varies.
    built = {key for key in settings if key.rpartition(".")[2] in ("_target_", "_partial_")}
    settings = [key for key in settings if key not in (built | {"seed"}) - set(found.varied)]
    writer.writerow(["job", "status", *settings, "seed", *measures, "error"])
    for job in [*found.complete, *found.unfinished]:
        known = [job.settings.get(key, "") for key in settings]
        error = (job.result or {}).get("error", "")
        name = job.name(found.varied) if job.complete else job.folder.name
        for row in job.replicas or [{}]:
            cells = ["" if row.get(key) is None else row[key] for key in ("seed", *measures)]
            writer.writerow([name, job.status, *known, *cells, error])
    return text.getvalue()


def rows(found: Sweep) -> list[list[str]]:
    """One row a job: the complete ones, then the others."""
    rows = []
    for job in [*found.complete, *found.unfinished]:
        varied = [shown(job.settings.get(key, "-")) for key in found.varied]
        if not varied:
            varied = [job.folder.name]
        if job.complete and job.result is not None:
            cells = []
            for measure in _measures(found):
                one = job.summary(measure)
                spread = f"{number(one.low)} - {number(one.high)}" if one.replicas > 1 else "-"
                cells += [number(one.mean), spread]
            diverged = sum(r.get("diverged_at") is not None for r in job.result["replicas"])
            rows.append([*varied, *cells, str(len(job.result["replicas"])), str(diverged)])
        else:
            error = (job.result or {}).get("error", "no result yet")
            rows.append(
                [*varied, f"{job.status}: {error}", *[""] * (2 * len(_measures(found)) + 1)]
            )
    return rows


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
