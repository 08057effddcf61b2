"""`digitsum.open`: a finished run, or a sweep as a table, in a notebook."""

from pathlib import Path
from typing import Any

from digitsum.reports.table import tidy
from digitsum.runs.opening import OpenedRun
from digitsum.sweeps.collected import collect
from digitsum.sweeps.manifest import MANIFEST


def opened(folder: Path) -> Any:
    """See `digitsum.open`."""
    if not (folder / MANIFEST).exists():
        return OpenedRun(folder)
    head, *rows = tidy(collect(folder))
    records = [dict(zip(head, row, strict=True)) for row in rows]
    try:
        import pandas as pd
    except ImportError:
        return records
    return pd.DataFrame(records, columns=head)
