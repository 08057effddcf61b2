"""Streams that can't fail, without a process: what is told is lost or spelled otherwise."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from digitsum.streams import Forgiving, forgive


class Broken(io.StringIO):
    """Raises whenever something is written or flushed."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error, self.calls = error, 0

    def write(self, text: str) -> int:
        self.calls += 1
        raise self.error

    def flush(self) -> None:
        self.calls += 1
        raise self.error


def opened(path: Path, **kwargs: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(path.open("wb"), write_through=True, **kwargs)


def test_a_stream_that_works_is_as_it_was(tmp_path: Path) -> None:
    theirs = opened(tmp_path / "told", encoding="utf-8")
    ours = Forgiving(theirs)
    assert ours.write("a · b\n") == 6
    ours.writelines(["c\n", "d\n"])
    ours.flush()
    assert (tmp_path / "told").read_text("utf-8") == "a · b\nc\nd\n"
    assert ours.encoding == "utf-8"
    assert ours.fileno() == theirs.fileno()


def test_letters_that_an_encoding_lacks_are_spelled(tmp_path: Path) -> None:
    ours = Forgiving(opened(tmp_path / "told", encoding="ascii"))
    ours.write("a · b × c – d — e … f’s 数")
    ours.flush()
    assert (tmp_path / "told").read_text("ascii") == "a - b x c - d - e ... f's ?"


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), ValueError("closed")])
def test_what_can_not_be_written_is_lost(error: Exception) -> None:
    for tell in (lambda one: one.write("abc"), lambda one: one.flush()):
        theirs = Broken(error)
        ours = Forgiving(theirs)
        assert tell(ours) in (3, None)
        # It has no file behind it, so that it is left alone from then on.
        assert ours.write("more") == 4
        ours.flush()
        assert theirs.calls == 1


def test_another_failure_is_not_swallowed() -> None:
    with pytest.raises(KeyError):
        Forgiving(Broken(KeyError("x"))).write("abc")


def test_a_full_disk_leads_nowhere_for_children_too(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    with open("/dev/full", "w", encoding="utf-8") as full:
        ours = Forgiving(full)
        ours.write("x" * 100_000)
        ours.flush()
        ours.write("after")
        ours.flush()
        assert os.path.samestat(os.fstat(full.fileno()), os.stat(os.devnull))


def test_no_stream_is_one_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    forgive()
    first = sys.stdout, sys.stderr
    assert all(isinstance(one, Forgiving) for one in first)
    print("lost", flush=True)
    print("told", file=sys.stderr)
    assert sys.stdout.writable()
    forgive()
    assert (sys.stdout, sys.stderr) == first
    assert sys.stderr.getvalue() == "told\n"  # type: ignore[attr-defined]


def test_standard_output_stays_the_stream_that_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = io.StringIO()
    monkeypatch.setattr(sys, "stdout", theirs)
    forgive()
    print("told")
    assert theirs.getvalue() == "told\n"


@pytest.mark.parametrize("error", [OSError(9, "bad"), ValueError("closed"), AttributeError("x")])
def test_a_stream_that_can_not_be_set_is_taken_as_it_is(error: Exception) -> None:
    class Stubborn(io.StringIO):
        def reconfigure(self, **_: object) -> None:
            raise error

    assert Forgiving(Stubborn()).write("abc") == 3


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_descriptor_is_opened_on_nothing(number: int, tmp_path: Path) -> None:
    kept = os.dup(number)
    try:
        os.close(number)
        forgive()
        assert os.path.samestat(os.fstat(number), os.stat(os.devnull))
        with (tmp_path / "file").open("w") as file:
            assert file.fileno() > 2
    finally:
        os.dup2(kept, number)
        os.close(kept)


def test_what_can_not_be_read_is_not_spelled() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", errors="digitsum")
