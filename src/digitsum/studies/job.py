"""What a sweep does around each of its runs: skip what is complete, announce, record a failure."""

import time
from contextlib import suppress
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from digitsum.runs import cli, results, run
from digitsum.runs.checks import check
from digitsum.studies.manifest import read_manifest
from digitsum.training.progress import duration


def train(config: DictConfig) -> None:
    """A run of its own, or one job of a sweep unless it is complete already.

    Raises:
        UserError: a value or file that can't be. In a sweep a failed job leaves a result that
            says so, whatever the failure was.
    """
    hydra = HydraConfig.get()
    if hydra.mode != RunMode.MULTIRUN:
        with cli.told():
            run.train(config)
        return
    folder = Path(hydra.runtime.output_dir)
    try:
        check(config, hydra.overrides.task, folder)
        if results.is_complete(folder, config):
            announce(hydra.job.num, folder, "complete already, skipped")
            return
        announce(hydra.job.num, folder)
        run.train(config, quiet=True)
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        failed = {"status": "failed", "error": f"{type(error).__name__}: {first}"}
        with suppress(OSError):  # a full disk, say, which is then the failure itself
            results.write(folder, results.header(config, dict(hydra.runtime.choices)) | failed)
        raise


def announce(number: int, folder: Path, note: str = "") -> None:
    """Say which job begins, and how long the rest may take at the pace so far."""
    manifest = read_manifest(folder.parent)
    # A clock may be set back meanwhile.
    count, elapsed = len(manifest["jobs"]), max(0.0, time.time() - manifest["started"])
    left = f"about {duration(elapsed / number * (count - number))} left" if number else ""
    words = [f"job {number + 1} of {count}", folder.name, note or left]
    print(" · ".join(word for word in words if word), flush=True)
