"""What a sweep does around each of its runs: skip what is complete, announce, record a failure."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from digitsum import streams
from digitsum.errors import UserError
from digitsum.paper import duration
from digitsum.runs import alive, cli, results, run
from digitsum.runs.checks.check import check
from digitsum.runs.folders import Folder
from digitsum.sweeps.complete import is_complete
from digitsum.sweeps.manifest import read_manifest
from digitsum.sweeps.search import made_up, mark
from digitsum.sweeps.standing import standing
from digitsum.training import progress


def train(config: DictConfig) -> float:
    """A run of its own, or one job of a sweep unless it is complete already.

    Returns:
        the replicas' mean best dev accuracy, for sweepers that search.

    Raises:
        UserError: a value or file that can't be. In a sweep a failed job leaves a result that
            says so, whatever the failure was.
    """
    streams.forgive()  # a worker process has streams of its own
    hydra = HydraConfig.get()
    if hydra.mode != RunMode.MULTIRUN:
        with cli.told():
            check(config, hydra.overrides.task)  # what it names was built before its folder was
            return best_on_dev(run.train(config))
    folder = Path(hydra.runtime.output_dir)
    try:
        manifest = read_manifest(folder.parent)
        if made_up(manifest):
            mark(folder, hydra.job.num, manifest["started"], list(hydra.overrides.task))
        if is_complete(folder, config):
            announce(manifest, hydra.job.num, folder, "complete already, skipped")
            return best_on_dev(results.read(folder))
        check(config, hydra.overrides.task, folder)
        announce(manifest, hydra.job.num, folder)
        measure = "best_dev_accuracy" if manifest["trials"] else "test_accuracy"
        return best_on_dev(run.train(config, measure))
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        failed = {"status": "failed", "error": f"{type(error).__name__}: {first}"}
        # A full disk, say, which is then the failure itself; or a folder that isn't ours.
        with suppress(OSError, UserError):
            Folder(folder, "run").add([results.FAILURE])
            header = results.header(config, dict(hydra.runtime.choices))
            results.write_failure(folder, header | failed)
        raise


def best_on_dev(result: dict[str, Any]) -> float:
    """Of a result; nothing is ever chosen on test. A replica that diverged before anybody looked
    has none right: else settings would gain by losing their worst.
    """
    each: list[float | None] = [one["best_dev_accuracy"] for one in result["replicas"]]
    return sum(one for one in each if one is not None) / len(each)


def announce(manifest: dict[str, Any], number: int, folder: Path, note: str = "") -> None:
    """Say which job begins, and how long it and the rest may take at the pace so far."""
    alive.end()
    listed = [one["folder"] for one in manifest["jobs"]]
    if folder.name in listed:  # by its place among all, of which some may not be launched again
        number = listed.index(folder.name)
    count = max(number + 1, manifest["trials"] or len(listed))
    of = "" if manifest["grows"] else f" of {count}"
    words = [f"job {number + 1}{of}", folder.name, note]
    if not note and not manifest["grows"]:
        now = standing(folder.parent)
        left = now.expected(folder.name)
        progress.behind((now.left or 0.0) - (left or 0.0))
        words[2] = f"about {duration(now.left)} left" if now.left else ""
    print(" · ".join(word for word in words if word), flush=True)
    if not note:
        alive.begin("making ready")
