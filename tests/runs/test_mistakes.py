"""Which errors are the machine's, told in a line, and which are defects."""

import sys

import pytest
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)

from digitsum.runs.mistakes import in_one_line, of_the_machine


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


@pytest.mark.parametrize(
    ("error", "script", "words"),
    [
        (
            MissingConfigException("no", "hydra/sweeper/optuna.yaml", ["basic", "optuna"]),
            "train.py",
            "hydra/sweeper=optuna needs packages: pip install -r requirements-search.txt",
        ),
        (
            MissingConfigException("no", "model/grou.yaml", ["gru", "", "lstm"]),
            "train.py",
            "model=grou: no such choice; model has gru, lstm; did you mean gru?",
        ),
        (
            OverrideParseException("lr=a (b", "no viable alternative"),
            "train.py",
            "lr=a (b: Hydra can't read the value; it can in quotes: 'lr=\"a (b\"'",
        ),
        (
            OverrideParseException("nothing", "missing ="),
            "train.py",
            "nothing: not an override; KEY=VALUE is expected",
        ),
        (
            ConfigCompositionException("Multiple values for model. To override a value use"),
            "train.py",
            "+model=lstm: there is one already; write model=lstm, without the +",
        ),
        (
            ConfigCompositionException("Multiple values for optimizer. To override a value use"),
            "train.py",
            "+optimizer=...: there is one already; write optimizer=..., without the +",
        ),
        (
            ConfigCompositionException("Ambiguous value for argument 'lr=1,2'\n1. To use it"),
            "evaluate.py",
            "lr=1,2: one value is expected; one that has commas stands in quotes: 'lr=\"1,2\"'",
        ),
        (HydraException("can't\n  do it"), "train.py", "can't do it"),
        (HydraException(""), "train.py", "HydraException"),
    ],
    ids=lambda one: str(one)[:30],
)
def test_hydras_errors_are_told_in_our_words(
    error: Exception, script: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [script, "+model=lstm", "lr=1,2"])
    assert in_one_line(error, "config") == words
