"""How a sweep was made: by which command, when, on what; in its manifest and its report."""

import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from digitsum import machine, shell
from digitsum.paper import duration
from digitsum.runs.search_path import ROOT


class Made(NamedTuple):
    """Attributes:
    command: as it was given, to be pasted.
    commit: of the lab's own repository, empty where it is none.
    machine: system, processor and cores.
    started: seconds since 1970, of the last time that the command was given.
    """

    command: str = ""
    commit: str = ""
    machine: str = ""
    started: float = 0.0

    def told(self, seconds: Sequence[float]) -> list[str]:
        """In sentences. Args: seconds: that each job took."""
        words = []
        if self.started:
            day = datetime.fromtimestamp(self.started, UTC)
            at = f" at commit {self.commit}" if self.commit else ""
            words.append(f"Begun {day:%Y-%m-%d %H:%M} UTC{at}.")
        if self.machine:
            words.append(f"On {self.machine}.")
        if len(seconds) == 1:
            words.append(f"One job took {duration(seconds[0])}.")
        elif seconds:
            each = f", {duration(min(seconds))} to {duration(max(seconds))} each"
            words.append(f"{len(seconds)} jobs took {duration(sum(seconds))}{each}.")
        return [" ".join(words)] if words else []


def now() -> Made:
    """Of this process."""
    return Made(
        shell.command("train", *sys.argv[1:]), _commit(ROOT), machine.described(), time.time()
    )


def read(told: Any, started: float) -> Made:
    """What a manifest says; what isn't words is left out."""
    found = told if isinstance(told, dict) else {}
    words = {name: found.get(name) for name in ("command", "commit", "machine")}
    kept = {name: " ".join(one.split()) for name, one in words.items() if isinstance(one, str)}
    return Made(**kept, started=float(started))


def _commit(root: Path) -> str:
    """Short, with a + where files differ from it; empty where there is no repository."""
    if not (root / ".git").exists():
        return ""
    said = []
    for words in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "-uno")):
        command = ["git", "-C", str(root), *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
        except (OSError, subprocess.SubprocessError):
            return ""
        said.append(done.stdout.strip())
    return said[0] + "+" * bool(said[1])
