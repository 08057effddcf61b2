"""Which checkpoint is gone on from, and when one is written, without a process."""

import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from digitsum.errors import Stopped, UserError
from digitsum.training.checkpointing import ASIDE, CURRENT, PREVIOUS, Checkpoints, latest, save


class Trainer:
    """Saves its step, as a checkpoint of ours has curves in it."""

    def __init__(self, step: int = 1) -> None:
        self.global_step = step

    def save_checkpoint(self, path: Path) -> None:
        torch.save({"curves": {}, "step": self.global_step}, path)


def step(path: Path) -> int:
    return int(torch.load(path, weights_only=True)["step"])


def written(folder: Path, *steps: int) -> None:
    for number in steps:
        save(Trainer(number), folder)  # type: ignore[arg-type]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_one_before_is_kept(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    written(tmp_path, 1)
    assert names(tmp_path) == {CURRENT}
    written(tmp_path, 2, 3)
    assert names(tmp_path) == {CURRENT, PREVIOUS}
    assert (step(tmp_path / CURRENT), step(tmp_path / PREVIOUS)) == (3, 2)
    assert latest(tmp_path) == tmp_path / CURRENT


def test_a_write_that_fails_leaves_what_was(tmp_path: Path) -> None:
    written(tmp_path, 1, 2)

    class Full(Trainer):
        def save_checkpoint(self, path: Path) -> None:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left") as error:
        save(Full(), tmp_path)  # type: ignore[arg-type]
    assert error.value.filename == str(tmp_path / CURRENT)
    assert ASIDE not in names(tmp_path)
    assert (step(tmp_path / CURRENT), step(tmp_path / PREVIOUS)) == (2, 1)


def test_what_can_not_be_cleared_up_hides_no_failure(tmp_path: Path) -> None:
    class Full(Trainer):
        def save_checkpoint(self, path: Path) -> None:
            path.mkdir()  # which isn't removed as a file is
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        save(Full(), tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("first\nsecond"), "first"),
        (EOFError(), "EOFError"),
        (RuntimeError("x" * 200), "x" * 120),
    ],
    ids=["lines", "no words", "many words"],
)
def test_why_one_can_not_be_used_is_told_in_short(
    error: Exception, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object, **__: object) -> None:
        raise error

    written(tmp_path, 1)
    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(UserError) as told:
        latest(tmp_path)
    assert f"{tmp_path / CURRENT} can't be used ({reason})" in str(told.value)


@pytest.mark.parametrize("content", [b"", b"half", {"other": 1}, [1, 2]])
def test_a_torn_one_gives_way_and_says_so(
    content: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, 1, 2)
    current = tmp_path / CURRENT
    if isinstance(content, bytes):
        current.write_bytes(content)
    else:
        torch.save(content, current)
    assert latest(tmp_path) == tmp_path / PREVIOUS
    told = capsys.readouterr().out
    why = "" if isinstance(content, bytes) else "not a checkpoint of this project)"
    assert told.startswith(f"{current} can't be used ({why}")
    assert told.endswith(f"; going on from {PREVIOUS}\n")
    assert told.count("\n") == 1
    (tmp_path / PREVIOUS).write_bytes(b"torn, too")
    with pytest.raises(UserError) as error:
        latest(tmp_path)
    assert str(current) in str(error.value)
    assert str(tmp_path / PREVIOUS) in str(error.value)
    assert "\n" not in str(error.value)


def test_killed_between_two_renames_the_one_before_is_there(tmp_path: Path) -> None:
    written(tmp_path, 1, 2)
    (tmp_path / CURRENT).unlink()
    assert latest(tmp_path) == tmp_path / PREVIOUS


def test_an_object_is_not_opened(tmp_path: Path) -> None:
    torch.save({"curves": SimpleNamespace(a=1)}, tmp_path / CURRENT)
    with pytest.raises(UserError, match="can't be used"):
        latest(tmp_path)


def test_one_is_written_at_most_so_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    book = Checkpoints(str(tmp_path), seconds=10)
    book.on_train_start(Trainer(), None)  # type: ignore[arg-type]
    written_at = []
    for number, now[0] in enumerate((105.0, 109.9, 110.0, 119.0, 120.0, 129.9, 131.0)):
        book.on_train_epoch_end(Trainer(number), None)  # type: ignore[arg-type]
        if (tmp_path / CURRENT).exists() and step(tmp_path / CURRENT) == number:
            written_at.append(now[0])
    book.teardown(Trainer(), None, "fit")  # type: ignore[arg-type]
    assert written_at == [110.0, 120.0, 131.0]
    assert book.patient
    assert Checkpoints(str(tmp_path), seconds=0.5).patient
    assert not Checkpoints(str(tmp_path), seconds=0).patient


@pytest.mark.skipif(os.name == "nt", reason="a process can't send itself these")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_asked_to_stop_it_writes_one_and_ends(number: signal.Signals, tmp_path: Path) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda one, _: heard.append(one))
    try:
        book = Checkpoints(str(tmp_path), seconds=1000)
        book.on_train_start(Trainer(), None)  # type: ignore[arg-type]
        os.kill(os.getpid(), number)
        assert not names(tmp_path)  # at the end of the pass, not in its midst
        with pytest.raises(Stopped) as stopped:
            book.on_train_epoch_end(Trainer(38), None)  # type: ignore[arg-type]
        assert stopped.value.number == number
        words = f"stopped by {number.name} after step 38; checkpoint saved"
        assert str(stopped.value) == words
        assert step(tmp_path / CURRENT) == 38
        # A second time it is whoever's it was before.
        assert heard == []
        os.kill(os.getpid(), number)
        assert heard == [number]
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(os.name == "nt", reason="a process can't send itself these")
def test_afterwards_signals_are_whose_they_were(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    book = Checkpoints(str(tmp_path))
    book.teardown(Trainer(), None, "fit")  # type: ignore[arg-type]  # before it began
    book.on_train_start(Trainer(), None)  # type: ignore[arg-type]
    assert signal.getsignal(signal.SIGTERM) != before
    book.teardown(Trainer(), None, "fit")  # type: ignore[arg-type]
    assert signal.getsignal(signal.SIGTERM) == before


def test_in_a_thread_of_somebody_elses_signals_are_left_alone(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    book, failed = Checkpoints(str(tmp_path), seconds=0), []

    def train() -> None:
        try:
            book.on_train_start(Trainer(), None)  # type: ignore[arg-type]
            book.on_train_epoch_end(Trainer(3), None)  # type: ignore[arg-type]
            book.teardown(Trainer(), None, "fit")  # type: ignore[arg-type]
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert failed == []
    assert signal.getsignal(signal.SIGTERM) == before
    assert step(tmp_path / CURRENT) == 3


@pytest.mark.skipif(os.name == "nt", reason="a process can't send itself these")
@pytest.mark.parametrize(
    ("says", "words"),
    [
        (None, None),
        ("job not requeued because: timed-out too many times.", "it ran out of time too often"),
        ("no scontrol here", "no scontrol here; its checkpoint is saved, after step 38"),
    ],
)
def test_whoever_queues_it_again_is_asked_once_it_is_saved(
    says: str | None, words: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a cluster submitit's handler was there first: it ends the process, unless it refuses."""
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "slurm")
    heard: list[tuple[int, object, bool]] = []

    def queues(number: int, frame: object) -> None:
        heard.append((number, frame, (tmp_path / CURRENT).exists()))
        if says is not None:
            raise RuntimeError(says)

    before = signal.signal(signal.SIGUSR2, queues)
    try:
        book = Checkpoints(str(tmp_path), seconds=1000)
        book.on_train_start(Trainer(), None)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGUSR2)
        assert not heard
        if words is None:
            book.on_train_epoch_end(Trainer(38), None)  # type: ignore[arg-type]
            # It is still here, so that the next signal is heard as the first was.
            assert signal.getsignal(signal.SIGUSR2) not in (queues, before)
            book.teardown(Trainer(), None, "fit")  # type: ignore[arg-type]
        else:
            with pytest.raises(UserError, match=words) as error:
                book.on_train_epoch_end(Trainer(38), None)  # type: ignore[arg-type]
            assert str(error.value).endswith("and the same command goes on with resume=true")
        assert heard == [(signal.SIGUSR2, None, True)]
    finally:
        signal.signal(signal.SIGUSR2, before)
