"""Jobs on a SLURM cluster, by submitit's launcher for Hydra: each is waited for.

What submitit alone does at a job that ends without a result (out of time too often, cancelled, its
node gone) is to raise at the first; and without SLURM's accounting it never learns of one.
"""

import subprocess
import time
from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from submitit.core.utils import FailedJobError, UncompletedJobError
from submitit.slurm import slurm
from submitit.slurm.slurm import SlurmInfoWatcher, SlurmJob

from digitsum.errors import UserError

HEAD = "JobID|State|NodeList"  # as sacct has it


class Watcher(SlurmInfoWatcher):
    """Asks accounting, and the queue where there is none; a job that neither knows is over."""

    def update(self) -> None:
        self._num_calls += 1
        command = self._make_command()
        if command is None:
            return
        answer = _asked(command)
        if answer is None:
            jobs = ",".join(sorted({one.split("_")[0] for one in self._registered}))
            listed = _asked(["squeue", "-h", "-r", "-t", "all", "-o", "%i|%T|%N", "-j", jobs]) or ""
            known = self.read_info(f"{HEAD}\n{listed}")
            gone = {one: {"JobID": one, "State": "GONE"} for one in self._registered - known.keys()}
            self._info_dict.update(known | gone)
        else:
            self._info_dict.update(self.read_info(answer))
        self._last_status_check = time.time()
        self._finished |= {one for one in self._registered if self.is_done(one, mode="cache")}


def _asked(command: Sequence[str]) -> str | None:
    """What a command prints; None where it fails, as sacct does without accounting."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


class Job(SlurmJob[Any]):
    """A job without a result has failed, as one that raised has."""

    watcher = Watcher(delay_s=60)

    def results(self) -> list[Any]:
        try:
            found: list[Any] = super().results()
            return found
        except (FailedJobError, UncompletedJobError) as error:
            state = self.get_info(mode="force").get("State", "unknown").lower()
            reason = str(error).splitlines()[-1].strip() or type(error).__name__
            if "not requeued because" in str(error):
                reason = "it ran out of time too often (hydra.launcher.max_num_timeout)"
            failed = JobReturn()
            failed.status = JobStatus.FAILED
            failed.return_value = UserError(
                f"job {self.job_id} of the cluster ended without a result ({state}: {reason}); "
                f"its output is in {self.paths.folder}; the same command goes on"
            )
            return [failed]


def prepare() -> None:
    """Let submitit make its jobs of ours."""
    slurm.SlurmJob = Job  # type: ignore[misc]  # those of an array
    slurm.SlurmExecutor.job_class = Job  # one by itself
