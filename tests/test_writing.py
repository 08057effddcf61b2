"""Files that nobody sees half of: what is there after each way to fail."""

import os
import time
from pathlib import Path

import pytest

from digitsum import writing
from digitsum.writing import naming, remove, replace, write_aside


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_whole_in_folders_that_were_not(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    for content in (b"first", b"", b"\0" * 100_000):
        write_aside(path, content)
        assert path.read_bytes() == content
        assert names(path.parent) == ["file"]


def test_it_is_a_hidden_neighbour_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same disk, else it can't be renamed; as whoever began the process lets others read."""
    seen: list[Path] = []
    really = os.replace

    def spied(aside: Path, path: Path) -> None:
        seen.append(aside)
        assert aside.read_bytes() == b"content"
        really(aside, path)

    monkeypatch.setattr(os, "replace", spied)
    monkeypatch.setattr(writing, "_UMASK", 0o026)
    write_aside(tmp_path / "file", b"content")
    assert [path.parent for path in seen] == [tmp_path]
    assert seen[0].name.startswith(".file.")
    if os.name != "nt":
        assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_what_went_wrong_first_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    def stays(*_: object, **__: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(Path, "unlink", stays)
    with pytest.raises(OSError, match="No space left"):
        write_aside(tmp_path / "file", b"new")


def test_what_can_not_be_renamed_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_aside(path, b"old")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_aside(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_write_that_fails_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left") as error:
        write_aside(tmp_path / "file", b"new")
    assert error.value.filename == str(tmp_path / "file")
    assert names(tmp_path) == []
    with pytest.raises(OSError, match="other") as error, naming(tmp_path / "file"):
        raise OSError(5, "other", "its own name")
    assert error.value.filename == "its own name"


@pytest.mark.skipif(os.name == "nt", reason="is tried as if it were")
def test_windows_waits_for_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused three times, renamed at the fourth; a system that isn't Windows doesn't wait."""
    (tmp_path / "aside").write_text("new")
    tried: list[float] = []
    really = os.replace

    def refused(aside: Path, path: Path) -> None:
        tried.append(time.monotonic())
        if len(tried) <= 3:
            raise PermissionError(13, "in use")
        really(aside, path)

    with monkeypatch.context() as patch:
        patch.setattr(writing.os, "replace", refused)
        with pytest.raises(PermissionError):
            replace(tmp_path / "aside", tmp_path / "file")
        assert len(tried) == 1
        patch.setattr(writing.os, "name", "nt")
        replace(tmp_path / "aside", tmp_path / "file")
    assert len(tried) == 4
    assert 0.1 <= tried[-1] - tried[1] < 2  # twice a twentieth of a second
    assert (tmp_path / "file").read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="is tried as if it were")
def test_windows_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(writing, "PATIENCE", 0.2)
    before = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(writing.os, "replace", refused)
        patch.setattr(writing.os, "name", "nt")
        with pytest.raises(PermissionError):
            replace(tmp_path / "aside", tmp_path / "file")
    assert 0.2 <= time.monotonic() - before < 20


def test_what_can_not_be_deleted_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("deleted", "open"):
        (tmp_path / name).write_text("content")
    remove(tmp_path / "deleted")
    remove(tmp_path / "never there")
    assert names(tmp_path) == ["open"]

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "unlink", refused)
    remove(tmp_path / "open")
    assert (tmp_path / "open").read_bytes() == b""
