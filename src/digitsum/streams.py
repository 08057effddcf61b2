"""Telling is never part of a result: standard output and error that can't fail.

A pipe whose reader has gone, a full disk, a closed descriptor, an encoding without the letter: what
is told is lost or spelled otherwise, and whoever tells goes on.
"""

import codecs
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

# What an encoding that lacks them gets instead.
_PLAIN = {"·": "-", "×": "x", "–": "-", "—": "-", "…": "...", "’": "'"}


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in lacking), error.end


codecs.register_error("digitsum", _spelled)


class Forgiving:
    """A text stream whose writing never raises; all else is the stream's own."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None else _nowhere()
        with suppress(AttributeError, OSError, ValueError):
            self._stream.reconfigure(errors="digitsum")  # type: ignore[attr-defined]

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            self._mute()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._mute()

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def _mute(self) -> None:
        """From here on it leads nowhere, for libraries and child processes, too."""
        try:
            number, null = self._stream.fileno(), os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = _nowhere()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def forgive() -> None:
    """Make both streams of this process forgiving; a second time changes nothing."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file that is opened would be standard output.
            os.open(os.devnull, os.O_RDWR)
    if not isinstance(sys.stdout, Forgiving):
        sys.stdout = Forgiving(sys.stdout)
    if not isinstance(sys.stderr, Forgiving):
        sys.stderr = Forgiving(sys.stderr)
