"""Whose a folder is, mark by mark: what is ours, what isn't, what is removed; no run is needed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from digitsum.errors import UserError
from digitsum.runs import earlier
from digitsum.runs.folders import LOCK, MARK, Folder, is_name, made_at


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def there(folder: Path) -> list[str]:
    """All but the mark, folders with a `/`."""
    found = (path for path in folder.rglob("*") if path.name != MARK)
    names = ((path.relative_to(folder).as_posix(), path.is_dir()) for path in found)
    return sorted(name + "/" * is_folder for name, is_folder in names)


def mark(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / MARK).read_text()))


def test_what_is_said_to_be_written_is_ours(tmp_path: Path) -> None:
    place = tmp_path / "run"
    own = Folder(place, "run")
    assert own.names == set()
    assert not place.exists()
    own.add(["a.txt", "b/", "events.*"])
    assert mark(place) == {
        "digitsum": 1,
        "kind": "run",
        "folder": place.as_posix(),
        "names": ["a.txt", "b/", "events.*"],
    }
    again = Folder(place, "run")
    owned = ["a.txt", "b/x", "b/c/x", "events.1"]
    assert [
        one for one in (*owned, "b", "c", "a.txt.b", "event", "c/a.txt") if again.owns(one)
    ] == owned
    assert made_at(place) == place
    assert made_at(tmp_path) is None


def test_who_adds_while_another_does_loses_nothing(tmp_path: Path) -> None:
    one, other = Folder(tmp_path, "sweep"), Folder(tmp_path, "sweep")
    one.add(["a"])
    other.add(["b"])
    assert mark(tmp_path)["names"] == ["a", "b"]
    was = (tmp_path / MARK).stat().st_mtime_ns
    os.utime(tmp_path / MARK, ns=(was - 10**9, was - 10**9))
    other.add(["a", "b"])  # said already
    assert (tmp_path / MARK).stat().st_mtime_ns == was - 10**9
    (tmp_path / MARK).unlink()
    other.add(["b"])
    assert mark(tmp_path)["names"] == ["a", "b"]


@pytest.mark.parametrize("name", ["", "../a", "a/../b", "/a", "a\\b", "a?", "*", "a/*", "**/a"])
def test_nothing_is_said_of_what_lies_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no name for a file in it"):
        Folder(tmp_path, "run").add(["good", name])
    assert there(tmp_path) == []
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize(
    ("name", "well"),
    [
        *(("a", True), ("a.b", True), ("a/b", True), ("a/", True), ("a*", True), ("a/*.png", True)),
        *(("...", True), ("a b", True), ("a//b", False), ("a/./b", False), ("..", False)),
        *(("a/**", False), ("a:b", False), ("a[b", False), ('"', False), ("a|b", False)),
        *((3, False), (None, False), ("//", False), ("/", False)),
    ],
)
def test_a_name_is_of_something_within(name: object, well: bool) -> None:
    assert is_name(name) is well


def test_another_kind_a_file_and_what_nobody_made(tmp_path: Path) -> None:
    Folder(tmp_path / "s", "sweep").add(["a"])
    with pytest.raises(UserError) as error:
        Folder(tmp_path / "s", "run")
    told = f"{tmp_path / 's'} is the folder of a sweep, not of a run; give hydra.run.dir=ANOTHER"
    assert str(error.value) == told
    put(tmp_path, "f", "theirs/z/b.txt", "theirs/y/c.txt")
    with pytest.raises(UserError, match=r"f is a file; hydra\.sweep\.dir must be a folder$"):
        Folder(tmp_path / "f", "sweep")
    with pytest.raises(UserError) as error:
        Folder(tmp_path / "theirs", "run")
    assert str(error.value) == (
        f"{tmp_path / 'theirs'} holds y/c.txt, which no run made; nothing was touched: give "
        "hydra.run.dir=ANOTHER, new or empty"
    )


def test_a_lock_and_folders_of_our_own_are_nobodys_files(tmp_path: Path) -> None:
    put(tmp_path, LOCK)
    (tmp_path / "empty").mkdir()
    Folder(tmp_path / "job", "run").add(["a"])
    put(tmp_path, "job/a")
    assert Folder(tmp_path, "sweep").names == set()
    put(tmp_path, "later/theirs")
    with pytest.raises(UserError, match=r"holds later/theirs, which no sweep made"):
        Folder(tmp_path, "sweep")


def test_what_is_there_and_not_ours_is_not_written_over(tmp_path: Path) -> None:
    own = Folder(tmp_path, "run")
    own.add(["mine", "b/"])
    put(tmp_path, "mine", "b/x", "theirs")
    own.check(["mine", "b/x", "nothing"])
    for name in ("theirs", "b"):
        with pytest.raises(UserError, match=f"{name} is there and no run made it; move it"):
            own.check(["mine", name])
    with pytest.raises(UserError, match="theirs is there and no run made it"):
        own.add(["theirs"])
    assert mark(tmp_path)["names"] == ["b/", "mine"]


def test_what_is_ours_alone_is_removed(tmp_path: Path) -> None:
    own = Folder(tmp_path, "run")
    own.add(["a.png", "a.npz", "deep/er/x", "b/", "c/", "*.log"])
    put(tmp_path, "a.png", "a.npz", "deep/er/x", "b/c/d", "b/e", "c/mine", "one.log")
    put(tmp_path, "theirs.png", "deep/theirs")
    (tmp_path / "b" / "hollow" / "er").mkdir(parents=True)
    assert own.made() == ["a.npz", "a.png", "b/c/d", "b/e", "c/mine", "deep/er/x", "one.log"]
    assert own.made(["*.png", "b/*"]) == ["a.png", "b/c/d", "b/e"]
    own.clear(["*.png", "c/*"])
    assert there(tmp_path)[:2] == ["a.npz", "b/"]
    assert "c/" not in there(tmp_path)
    assert "b/hollow/er/" in there(tmp_path)
    own.clear()
    assert there(tmp_path) == ["deep/", "deep/theirs", "theirs.png"]


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links as POSIX has them")
def test_nothing_behind_a_link_is_ours(tmp_path: Path) -> None:
    own = Folder(tmp_path / "run", "run")
    own.add(["b/", "link"])
    put(tmp_path, "theirs/x", "run/b/y")
    (tmp_path / "run" / "b" / "out").symlink_to(tmp_path / "theirs")
    (tmp_path / "run" / "link").symlink_to(tmp_path / "theirs" / "x")
    assert own.made() == ["b/out", "b/y", "link"]
    own.clear()
    assert there(tmp_path) == ["run/", "theirs/", "theirs/x"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "can't be read ("),
        ("[]", "not a mark that this version reads"),
        ('{"digitsum": 2, "kind": "run", "names": []}', "not a mark that this version reads"),
        ('{"digitsum": 1, "kind": "run"}', "not a mark that this version reads"),
        ('{"digitsum": 1, "kind": "run", "names": ["../x"]}', "not a mark that this version"),
        ('{"digitsum": 1, "kind": "runs", "names": []}', "kind is runs; it must be run or sweep"),
    ],
)
def test_a_mark_that_is_none(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(text)
    with pytest.raises(UserError) as error:
        Folder(tmp_path, "run")
    assert words in str(error.value)
    assert str(tmp_path / MARK) in str(error.value)


def test_a_jobs_folder_that_hydra_began_is_its_sweeps(tmp_path: Path) -> None:
    put(tmp_path, "job/.hydra/config.yaml", f"job/{LOCK}", "other/.hydra/config.yaml", "other/x")
    own = Folder(tmp_path / "new", "sweep")
    own.add(["*/.hydra/config.yaml"])
    for name in ("job", "other"):
        (tmp_path / name).rename(tmp_path / "new" / name)
    assert Folder(tmp_path / "new" / "job", "run").names == {".hydra/config.yaml"}
    with pytest.raises(UserError, match="which no run made"):
        Folder(tmp_path / "new" / "other", "run")


def test_what_was_made_before_there_were_marks(tmp_path: Path) -> None:
    finished, begun, theirs, sweep = (tmp_path / name for name in ("a", "b", "c", "s"))
    for place in (finished, begun, theirs, sweep):
        put(place, "notes")
    (finished / "results.json").write_text('{"schema": 1, "settings": {}}')
    put(begun, ".hydra/overrides.yaml")
    (begun / "config.yaml").write_text("model: 1\ndata: 2\nreplicas: 3\n")
    (theirs / "results.json").write_text('{"schema": 1}')
    (theirs / "config.yaml").write_text("model: 1\ndata: 2\nreplicas: 3\n")
    for place in (finished, begun):
        names = earlier.names(place, "run")
        assert {"config.yaml", "results.json", "saturation.png", "wandb/"} <= names
        assert "notes" not in names
        assert Folder(place, "run").names == names
    assert earlier.names(theirs, "run") == set()
    put(theirs, ".hydra/overrides.yaml")
    (theirs / "config.yaml").write_text("model: 1\ndata: 2\n")
    assert earlier.names(theirs, "run") == set()
    assert earlier.names(sweep, "sweep") == set()
    (sweep / "sweep.json").write_text('{"schema": 1}')
    (sweep / "report.md").write_text("![a](drawn.png)\n![b](../other.png)\ntext ![c](x.png)\n")
    names = earlier.names(sweep, "sweep")
    assert {"sweep.json", "report.md", "drawn.png", "drawn.pdf", "asked_dev.csv"} <= names
    assert not {"x.png", "other.png", "../other.png"} & names
    assert "report.md" in Folder(sweep, "sweep").names
    for place, other in ((finished, "sweep"), (sweep, "run")):
        with pytest.raises(UserError, match=f"which no {other} made"):
            Folder(place, other)  # type: ignore[arg-type]
    (sweep / "sweep.json").write_text('{"schema": 2}')
    assert earlier.names(sweep, "sweep") == set()
