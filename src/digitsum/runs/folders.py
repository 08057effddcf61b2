"""Whose a folder is: a run or a sweep writes where nothing is, or where a mark says it's its own.

The mark, `.digitsum.json`, lists by name what was made in the folder: that alone is ever removed
or replaced.
"""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

from digitsum.errors import UserError
from digitsum.runs import earlier
from digitsum.writing import remove, write_aside

Kind = Literal["run", "sweep"]
MARK, LOCK = ".digitsum.json", ".lock"
SCHEMA = 1
KEYS = {"run": "hydra.run.dir", "sweep": "hydra.sweep.dir"}


class Folder:
    """A folder of ours, and the names of what we made in it.

    Args:
        path: it needn't be there yet.
        kind: what it holds.

    Raises:
        UserError: it holds something that isn't marked as ours, or a mark of another kind.
    """

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path, self.kind = path, kind
        self.names = self._listed()

    def _listed(self) -> set[str]:
        found = _read_mark(self.path)
        if found is not None:
            if found["kind"] != self.kind:
                raise UserError(
                    f"{self.path} is the folder of a {found['kind']}, not of a {self.kind}; "
                    f"give {KEYS[self.kind]}=ANOTHER"
                )
            return set(found["names"])
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"{self.path} is a file; {KEYS[self.kind]} must be a folder")
        inside = _foreign(self.path)
        if inside is None:
            return set()
        names = earlier.names(self.path, self.kind) or self._of_its_sweep()
        if not names:
            raise UserError(
                f"{self.path} holds {inside}, which no {self.kind} made; nothing was touched: give "
                f"{KEYS[self.kind]}=ANOTHER, new or empty"
            )
        return names

    def _of_its_sweep(self) -> set[str]:
        """What Hydra writes in a job's folder before the job itself has a say."""
        if _read_mark(self.path.parent) is None:
            return set()
        sweep, inside = Folder(self.path.parent, "sweep"), set()
        for path in self.path.rglob("*"):
            name = path.relative_to(self.path).as_posix()
            if path.is_file() and name != LOCK:
                inside.add(name)
        mine = all(sweep.owns(f"{self.path.name}/{name}") for name in inside)
        return inside if mine else set()

    def owns(self, name: str) -> bool:
        """Whether something of this name, relative to the folder, is ours."""
        return any(fnmatchcase(name, one + "*" * one.endswith("/")) for one in self.names)

    def check(self, names: Iterable[str]) -> None:
        """Raises: UserError, where one of these is there and isn't ours."""
        for name in names:
            if not self.owns(name) and (self.path / name).exists():
                raise UserError(
                    f"{self.path / name} is there and no {self.kind} made it; move it elsewhere, "
                    f"or give {KEYS[self.kind]}=ANOTHER"
                )

    def add(self, names: Iterable[str]) -> None:
        """Say what is going to be written, before it is.

        Args:
            names: relative to the folder, with `/`; `*` stands for what isn't known beforehand,
                a `/` at the end for all that is in a folder.

        Raises:
            UserError: one is there and isn't ours, or is no name for something in the folder.
        """
        wanted = set(names)
        for name in wanted:
            if not is_name(name):
                raise UserError(f"{self.path}: {name!r} is no name for a file in it")
        self.check(wanted)
        if wanted <= self.names and (self.path / MARK).exists():
            return
        # Whoever reports on a sweep may do so while it runs.
        self.names |= wanted | self._listed()
        told = {
            "digitsum": SCHEMA,
            "kind": self.kind,
            "folder": self.path.resolve().as_posix(),
            "names": sorted(self.names),
        }
        write_aside(self.path / MARK, (json.dumps(told, indent=1) + "\n").encode())

    def made(self, patterns: Sequence[str] = ("*",)) -> list[str]:
        """Names of what is there, ours and matching; none behind a link that leads out."""
        root = self.path.resolve()
        found = set()
        for one in self.names:
            for path in self.path.glob(one + "**/*" * one.endswith("/")):
                inside = path.parent.resolve().is_relative_to(root)
                if inside and (path.is_file() or path.is_symlink()):
                    found.add(path.relative_to(self.path).as_posix())
        return sorted(name for name in found if any(fnmatchcase(name, p) for p in patterns))

    def clear(self, patterns: Sequence[str] = ("*",)) -> None:
        """Remove what is ours, of those that match, and folders that are empty then."""
        for name in self.made(patterns):
            remove(self.path / name)
            for parent in PurePosixPath(name).parents:
                if str(parent) != ".":
                    _remove_empty(self.path / parent)
        for one in self.names:
            whole = one.endswith("/") and any(fnmatchcase(one, pattern) for pattern in patterns)
            for left in sorted(self.path.glob(f"{one}**/"), reverse=True) if whole else ():
                _remove_empty(left)


def _foreign(folder: Path) -> str | None:
    """Name of a file that isn't in a folder of ours; None where there is none."""
    for place, folders, files in os.walk(folder):
        if place != str(folder) and MARK in files:
            folders.clear()
            continue
        for name in sorted(files):
            if name != LOCK:
                return Path(place, name).relative_to(folder).as_posix()
        folders.sort()
    return None


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # not empty, or gone already
        folder.rmdir()


def _read_mark(folder: Path) -> dict[str, Any] | None:
    """A mark, once it is sure that it names nothing elsewhere; None where there is none."""
    try:
        found = json.loads((folder / MARK).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise UserError(f"{folder / MARK} can't be read ({error})") from None
    known = isinstance(found, dict) and found.get("digitsum") == SCHEMA
    names = found.get("names") if known else None
    if not isinstance(names, list) or not all(is_name(one) for one in names):
        raise UserError(f"{folder / MARK}: not a mark that this version reads")
    if found.get("kind") not in KEYS:
        raise UserError(f"{folder / MARK}: kind is {found.get('kind')}; it must be run or sweep")
    return cast(dict[str, Any], found)


def is_name(name: Any) -> bool:
    """Whether a name, of whatever system, is that of something within the folder."""
    if not isinstance(name, str) or not name or set('\\:?[]"<>|') & set(name):
        return False
    parts = name.removesuffix("/").split("/")
    return bool(parts[-1].strip("*")) and all(one not in ("", ".", "..", "**") for one in parts)


def made_at(folder: Path) -> Path | None:
    """Where a folder lay when it was marked."""
    found = _read_mark(folder)
    place = found.get("folder") if found else None
    return Path(place) if isinstance(place, str) else None
