"""Around a whole sweep: opened before its first job, its report made after the last."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from digitsum.importing import importing
from digitsum.questions.shown import check_shown
from digitsum.runs.cli import refusing
from digitsum.runs.locks import release
from digitsum.sweeps.sweep import open_sweep

_opened: list[Path] = []  # this process's sweep


class SweepReport(Callback):
    """Hydra calls this before it launches a sweep's jobs."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        # Hydra would make a warning of an exception, and run the jobs all the same.
        refusing(lambda: _opened.append(_open(config)))


def _open(config: DictConfig) -> Path:
    with importing():  # the questions that it names
        shown = check_shown(OmegaConf.to_container(config.report, resolve=True), "report")
    return open_sweep(config, shown)


@contextmanager
def reported() -> Iterator[None]:
    """Whatever becomes of a sweep's jobs, its report is made from those that finished.

    Hydra's own `on_multirun_end` isn't called where a job failed.
    """
    try:
        yield
    finally:
        for folder in _opened:
            with importing():  # only now: figures take a second
                from digitsum.reports.report import report
            try:
                report(folder)
            except OSError as error:
                place = error.filename or str(folder)
                raise OSError(error.errno, error.strerror, place) from None
            release(folder)
        _opened.clear()
