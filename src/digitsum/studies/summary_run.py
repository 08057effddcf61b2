"""A run of its own in a sweep's TensorBoard: accuracy against length, one line a setting.

TensorBoard draws against steps alone, so a line's step is the length.
"""

import shutil

from digitsum.statistics import summarise
from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import LENGTH, Job

FOLDER = "against_length"


def write_summary_run(found: Sweep) -> None:
    """Write (anew) a TensorBoard run for each setting, where the length varies."""
    place = found.folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)
    if LENGTH not in found.varied:
        return
    # Here, because reports without lengths needn't wait for torch.
    from torch.utils.tensorboard import SummaryWriter

    groups: dict[str, list[Job]] = {}
    for job in found.complete:
        others = [key for key in found.varied if key != LENGTH]
        name = ",".join(f"{key}={job.settings[key]}" for key in others) or "all"
        groups.setdefault(name.replace("/", "_"), []).append(job)
    for name, jobs in groups.items():
        with SummaryWriter(str(place / name)) as writer:
            for job in sorted(jobs, key=lambda job: job.settings[LENGTH]):
                for measure in ("test_accuracy", "best_dev_accuracy"):
                    one = summarise(job.values(measure).tolist())
                    step = job.settings[LENGTH]
                    for suffix, value in (("", one.mean), ("_low", one.low), ("_high", one.high)):
                        writer.add_scalar(f"against_length/{measure}{suffix}", value, step)
