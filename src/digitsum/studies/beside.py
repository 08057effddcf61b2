"""What is asked, or what distracts, side by side: a column a value, a row a cell and length."""

from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import LENGTH, Job, shown


def side_by_side(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Test accuracy, where one setting varies beside cell and length."""
    others = [key for key in found.varied if key not in ("model", LENGTH)]
    if len(others) != 1 or not found.complete:
        return {}
    (key,) = others
    values = list(dict.fromkeys(str(job.settings[key]) for job in found.complete))
    rows: dict[tuple[str, int], dict[str, Job]] = {}
    for job in found.complete:
        place = rows.setdefault((job.settings["model"], job.settings[LENGTH]), {})
        place[str(job.settings[key])] = job
    body = [
        [model, str(length), *(str(jobs[v].tested) if v in jobs else "-" for v in values)]
        for (model, length), jobs in rows.items()
    ]
    head = ["cell", "length", *(shown(value) for value in values)]
    return {f"Test accuracy by {key}": (head, body)}
