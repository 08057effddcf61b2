"""A sweep's folder: which jobs belong to it, which are complete, and its report at the end.

`sweep.json` lists the jobs of the sweep that ran last; a folder may hold others beside them, of a
grid that has changed since, and those are never mixed in.
"""

import fcntl
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from digitsum import results
from digitsum.errors import UserError
from digitsum.fileformat import write_aside

MANIFEST = "sweep.json"
# Not part of what a job is.
_ASIDE = ("study", "resume")
_started: list[tuple[Path, IO[str]]] = []  # this process's sweep and the lock on it


def job_folder(overrides: Sequence[str]) -> str:
    """A job's folder is named by its overrides, sorted: the same job, the same folder."""
    kept = [one for one in overrides if one.lstrip("+").partition("=")[0] not in _ASIDE]
    name = ",".join(sorted(kept)).replace("/", "_").replace("..", "_")
    return name[:200] or "job"


OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)


def _jobs(config: DictConfig) -> list[list[str]]:
    """The grid as Hydra's basic sweeper expands it."""
    fixed = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    parsed = OverridesParser.create().parse_overrides(fixed + list(config.hydra.overrides.task))
    return [job for batch in BasicSweeper.split_arguments(parsed, None) for job in batch]


class SweepReport(Callback):
    """Opens a sweep: takes its folder's lock and lists its jobs."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        folder = Path(config.hydra.sweep.dir).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(
                f"error: {folder}: another sweep is running in this folder; "
                "wait for it, or give this one hydra.sweep.dir=PATH"
            ) from None
        jobs = _jobs(config)
        manifest = {
            "schema": results.SCHEMA,
            "study": config.hydra.runtime.choices.get("study"),
            "started": time.time(),
            "jobs": [{"folder": job_folder(job), "overrides": job} for job in jobs],
        }
        write_aside(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
        _started.append((folder, lock))
        print(f"{len(jobs)} jobs -> {folder}", flush=True)


def read_manifest(folder: Path) -> dict[str, Any]:
    """A sweep's list of jobs. Raises: UserError."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing; is {folder} the folder of a sweep?") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read as JSON ({error})") from None
    if not isinstance(manifest, dict) or manifest.get("schema") != results.SCHEMA:
        raise UserError(f"{path}: not a sweep of schema {results.SCHEMA}")
    return manifest


def is_complete(folder: Path, config: DictConfig) -> bool:
    """Whether a job's folder holds a complete result of this very configuration."""
    try:
        found = results.read(folder)
    except UserError:
        return False
    same = found.get("fingerprint") == results.fingerprint(config)
    return same and found.get("status") == "complete"


def clear(folder: Path) -> None:
    """Remove what an earlier, unfinished or different job left: nothing is mixed."""
    for pattern in ("results.json", "curves.*", "checkpoint*.ckpt", "events.out.tfevents.*"):
        for path in folder.glob(pattern):
            path.unlink()


def announce(number: int, folder: Path, note: str = "") -> None:
    """Say which job begins, and how long the rest may take at the pace so far."""
    manifest = read_manifest(folder.parent)
    count, elapsed = len(manifest["jobs"]), time.time() - manifest["started"]
    left = f"about {duration(elapsed / number * (count - number))} left" if number else ""
    words = [f"job {number + 1} of {count}", folder.name, note or left]
    print(" · ".join(word for word in words if word), flush=True)


def duration(seconds: float) -> str:
    """In words, to the second where it is short."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


@contextmanager
def reported() -> Iterator[None]:
    """Whatever becomes of a sweep's jobs, its report is made from those that finished.

    Hydra's own `on_multirun_end` isn't called where a job failed.
    """
    try:
        yield
    finally:
        for folder, lock in _started:
            from digitsum.report import report

            try:
                report(folder)
            except OSError as error:
                place = error.filename or str(folder)
                raise OSError(error.errno, error.strerror, place) from None
            lock.close()
        _started.clear()
