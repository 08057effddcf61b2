"""Commands to be pasted: as the shell at hand takes them, for the scripts as they were called."""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

SCRIPTS = ("train", "evaluate")
INSTALLED = "digitsum-"  # what the scripts are called where the package is installed
_PLAIN = re.compile(r"[\w@%+=:,./\\-]+", re.ASCII)


def quoted(words: Sequence[str], windows: bool = os.name == "nt") -> str:
    """A command line of these words: for POSIX's shells, or for PowerShell."""
    if not windows:
        return shlex.join(words)
    # PowerShell takes a comma for a list; within single quotes all letters are themselves.
    bare = [bool(_PLAIN.fullmatch(word)) and "," not in word for word in words]
    return " ".join(
        word if plain else "'" + word.replace("'", "''") + "'"
        for word, plain in zip(words, bare, strict=True)
    )


def command(script: str, *words: str) -> str:
    """The command line of `train` or `evaluate` with these words, called as this process was."""
    own = Path(sys.argv[0])
    if own.stem.removeprefix(INSTALLED) in SCRIPTS and own.name.startswith(INSTALLED):
        return quoted([f"{INSTALLED}{script}", *words])
    place = own.with_name(f"{script}.py") if own.stem in SCRIPTS else Path(f"{script}.py")
    return quoted(["python", str(place), *words])
