"""What the figure of spans by budget draws of an interval that has no upper end."""

from pathlib import Path

import numpy as np
import pytest

from digitsum.questions import budget
from digitsum.questions.span import Span

from ..invented import chosen


def test_an_interval_that_is_open_leaves_the_panels_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = [
        {
            "model": model,
            "trainer.max_epochs": passes,
            "model.hidden_size": 16,
            "data.batch_size": 8,
        }
        for model in ("srn", "lru")
        for passes in (250, 500)
    ]
    found = chosen(tmp_path / "s", settings, grows=320, started=1.0)
    ends = [(100.0, 80.0, 120.0), (300.0, 280.0, np.inf), (np.inf, np.inf, np.inf), (20, 10, 40)]
    known = [
        Span(job.settings["model"], np.zeros(1), [], [], *each, np.zeros(1), job.settings)
        for each, job in zip(ends, found.jobs, strict=True)
    ]
    monkeypatch.setattr(budget, "spans", lambda _: known)
    (panel,) = budget.span_budget(found)["span_budget"].axes
    bars = [
        tuple(np.asarray(one)[:, 1].round(6))
        for drawn in panel.collections
        for one in drawn.get_segments()  # type: ignore[attr-defined]
    ]
    assert bars == [(80, 120), (280, 448), (10, 40)]
    assert 448 < panel.get_ylim()[1] < 640
