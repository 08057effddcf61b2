"""A sweep as tables: tidy, one row a job and replica; and for people, one row a job."""

import csv
import io

from digitsum.runs.results import summary
from digitsum.runs.table import number
from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import on_dev, shown

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
    settings = [key for key in settings if key != "seed"]
    writer.writerow(["job", "status", *settings, "seed", *measures, "error"])
    for job in [*found.complete, *found.unfinished]:
        known = [job.settings.get(key, "") for key in settings]
        error = (job.result or {}).get("error", "")
        name = job.name(found.varied) if job.complete else job.folder.name
        for row in job.replicas or [{}]:
            cells = ["" if row.get(key) is None else row[key] for key in ("seed", *measures)]
            writer.writerow([name, job.status, *known, *cells, error])
    return text.getvalue()


def rows(found: Sweep, best_first: bool = False) -> list[list[str]]:
    """One row a job, in the sweep's order or by mean best dev accuracy."""
    rows = []
    complete = sorted(found.complete, key=on_dev, reverse=True) if best_first else found.complete
    for job in [*complete, *found.unfinished]:
        varied = [shown(job.settings.get(key, "-")) for key in found.varied]
        if not varied:
            varied = [job.folder.name]
        if job.complete and job.result is not None:
            one = summary(job.result["replicas"])
            cells = []
            for measure in _measures(found):
                s = one[measure]
                spread = f"{number(s['low'])} - {number(s['high'])}" if s["replicas"] > 1 else "-"
                cells += [number(s["mean"]), spread]
            diverged = sum(r["diverged_at"] is not None for r in job.result["replicas"])
            rows.append([*varied, *cells, str(len(job.result["replicas"])), str(diverged)])
        else:
            error = (job.result or {}).get("error", "no result yet")
            rows.append(
                [*varied, f"{job.status}: {error}", *[""] * (2 * len(_measures(found)) + 1)]
            )
    return rows


def head(found: Sweep) -> list[str]:
    told = [word for measure in _measures(found) for word in (MEASURES[measure], "95 % interval")]
    return [*(found.varied or ["job"]), *told, "replicas", "diverged"]


def _measures(found: Sweep) -> list[str]:
    """Of a search, dev alone: what the best does on test is told of it alone."""
    return [measure for measure in MEASURES if not found.trials or measure != "test_accuracy"]
