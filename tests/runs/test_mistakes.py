"""Which errors are the machine's, told in a line, and which are defects."""

import pytest

from digitsum.runs.mistakes import of_the_machine


class OutOfMemoryError(RuntimeError):
    """By its name as torch has it."""


class FailedJobError(RuntimeError):
    """By its name as submitit has it."""


class TerminatedWorkerError(RuntimeError):
    """By its name as loky has it."""


OUT = "out of memory; fewer replicas at once (seed=0,16 replicas=16) need less"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left", "/run/a"), "/run/a: No space left"),
        (OSError(28, "No space left", b"/run/a"), "/run/a: No space left"),
        (OSError(5, "Input/output error"), "Input/output error (HYDRA_FULL_ERROR=1 shows where)"),
        (OSError("a library's own words"), None),
        (MemoryError(), OUT),
        (OutOfMemoryError("CUDA out of memory"), OUT),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), OUT),
        (
            FailedJobError("sbatch: error: no such partition \nmore"),
            "sbatch: error: no such partition",
        ),
        (FailedJobError("something else"), None),
        (
            TerminatedWorkerError("x"),
            "a worker process was killed; what was complete stays, the same command goes on",
        ),
        (KeyError("a defect"), None),
        (RuntimeError("a defect"), None),
    ],
    ids=lambda one: None if one is None else str(one)[:30],
)
def test_what_is_the_machines_and_what_is_a_defect(error: Exception, words: str | None) -> None:
    assert of_the_machine(error) == words
