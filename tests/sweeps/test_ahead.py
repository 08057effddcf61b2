"""Which cells of a sweep are compiled beside its first jobs, and that they then are there."""

import json

import numpy as np
import pytest

from digitsum.kernels import copies
from digitsum.kernels.ahead import beside
from digitsum.kernels.steps import step_of
from digitsum.network.cells import PeepholeLSTM
from digitsum.sweeps.ahead import _name, compile_all, main

from ..networks import classifier
from ..runs.test_configs import composed

Begun = list[tuple[str, ...]]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Begun:
    """What would have been begun."""
    found: Begun = []
    monkeypatch.setattr("digitsum.kernels.ahead.beside", lambda *words: found.append(words))
    monkeypatch.setattr("digitsum.kernels.ahead.there", lambda name: True)
    monkeypatch.setattr("digitsum.kernels.copies.there", lambda name: False)
    return found


JOBS = [
    [f"model={model}", "study=x", f"data.length={length}"]
    for length in (5, 10)
    for model in ("srn", "lstm", "gru", "mgu", "lru")
]


def _models(begun: Begun) -> list[list[str]]:
    assert {(module, dtype) for module, dtype, _ in begun} <= {("digitsum.sweeps.ahead", "float32")}
    return [[job[0].removeprefix("model=") for job in json.loads(jobs)] for _, _, jobs in begun]


@pytest.mark.parametrize(
    ("cores", "processes"),
    [
        (1, []),  # none is free
        (2, [["lstm", "gru", "mgu", "lru"]]),
        (3, [["lstm", "mgu"], ["gru", "lru"]]),
        (64, [["lstm", "mgu"], ["gru", "lru"]]),  # two cells for a process at least
    ],
)
def test_cells_after_the_first_are_shared_out(
    cores: int, processes: list[list[str]], begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitsum.sweeps.ahead.usable_cores", lambda: cores)
    compile_all(composed(), JOBS)
    assert _models(begun) == processes


def test_no_more_than_four_processes(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitsum.sweeps.ahead.usable_cores", lambda: 64)
    compile_all(composed(), [[f"model.skip={number}"] for number in range(20)])
    assert [len(json.loads(jobs)) for *_, jobs in begun] == [5, 5, 5, 4]


def test_a_command_is_never_too_long(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    """32,767 characters are what Windows takes; and where nothing can be begun, nothing is."""
    monkeypatch.setattr("digitsum.sweeps.ahead.usable_cores", lambda: 2)
    compile_all(composed(), [[f"model.skip={number}", "x" * 400] for number in range(2000)])
    ((_, _, jobs),) = begun
    assert len(jobs) < 30_000
    assert json.loads(jobs)[0][0] == "model.skip=1"


def test_where_no_process_can_be_begun_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    beside("digitsum.nothing")


@pytest.mark.parametrize(
    ("typed", "jobs"),
    [
        ((), JOBS[:2]),  # one more cell is compiled sooner than PyTorch is imported
        ((), [["model=srn", f"lr={rate}"] for rate in range(9)]),
        ((), [["model=srn", f"model.hidden_size={size}"] for size in range(8, 80, 8)]),
        ((), []),  # of a search
        (("recurrence=reference",), JOBS),
        (("trainer=gpu",), JOBS),
    ],
    ids=str,
)
def test_nothing_is_begun_that_does_not_pay(
    typed: tuple[str, ...], jobs: list[list[str]], begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitsum.sweeps.ahead.usable_cores", lambda: 8)
    compile_all(composed(*typed), jobs)
    assert begun == []


def test_nothing_is_begun_where_nothing_is_compiled(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitsum.sweeps.ahead.usable_cores", lambda: 8)
    for value, several in (("1", 0), ("0", 2), ("", 2)):
        begun.clear()
        monkeypatch.setenv("NUMBA_DISABLE_JIT", value)
        compile_all(composed(), JOBS)
        assert len(begun) == several


def test_what_is_there_is_not_compiled_again(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitsum.sweeps.ahead.usable_cores", lambda: 2)
    known = {_name(JOBS[2], "float32"), _name(JOBS[4], "float64")}
    monkeypatch.setattr("digitsum.kernels.copies.there", lambda name: name in known)
    compile_all(composed(), JOBS)
    assert _models(begun) == [["lstm", "mgu", "lru"]]


def test_what_was_begun_is_what_a_job_needs() -> None:
    """Of another size: a cell is compiled once for all."""
    job = ["model=lstm_peephole", "model.hidden_size=8", "embedding.size=3"]
    main("float64", [job])
    assert copies.there(_name(job, "float64"))
    step = step_of(classifier(PeepholeLSTM, 1, hidden=24).cell)
    assert copies.there(f"{step.name}.{np.dtype('float64')}")
