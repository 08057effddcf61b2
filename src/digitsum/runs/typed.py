"""Words as people type them, as Hydra takes them: paths with any letters, and no choice at all."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob
from hydra.errors import HydraException

# Keys whose values are paths; of the second, a sweep may have several.
PATHS = ("run", "sweep", "hydra.run.dir", "hydra.sweep.dir")
SWEPT = ("data.dir", "data.root")
# Keys whose values are taken letter by letter.
TEXTS = ("digits",)
# What leaves a group out, and the choice that does so.
NONE = {"logger": "none", "callbacks": "default"}
_WORD = re.compile(r"(\+{0,2})([\w./]+)=(.*)", re.DOTALL)


def taken(words: Sequence[str], lists: Sequence[str] = ()) -> list[str]:
    """The words of a command line for Hydra.

    Args:
        words: as typed.
        lists: keys whose values may be joined by commas (`KEY=1,2`), which Hydra takes for a sweep.
    """
    many = {"-m", "--multirun"} & set(words) or any(
        word.startswith(("study=", "search=", "hydra.mode=MULTIRUN")) for word in words
    )
    # Hydra's parser of options doesn't take one between overrides.
    flags = [word for word in words if word in ("-m", "--multirun")]
    rest = [word for word in words if word not in flags]
    return [*flags, *(_taken(word, bool(many), lists) for word in rest)]


def _taken(word: str, many: bool, lists: Sequence[str]) -> str:
    found = _WORD.fullmatch(word)
    if found is None:
        return word
    plus, key, value = found.groups()
    if key in lists and "," in value and not value.startswith(("[", "'", '"')):
        return f"{key}=[{value}]"
    if key in TEXTS and value != "null" and value[:1] not in ("'", '"'):
        return f"{plus}{key}={in_quotes(value)}"
    if key in NONE and value in ("", "null", "none", "[]"):
        return f"{plus}{key}={NONE[key]}"
    if key in PATHS:
        return f"{plus}{key}={_path(value)}"
    if key in SWEPT:
        if many and "," in value and not Path(value).exists():
            return f"{plus}{key}=" + ",".join(map(_path, _items(value)))
        kinds = (ChoiceSweep, Glob) if many else ChoiceSweep
        sweeps = isinstance(_parsed(value), kinds) and not Path(value).exists()
        return word if sweeps else f"{plus}{key}={_path(value)}"
    return word


def _items(value: str) -> list[str]:
    """At commas outside of quotes and brackets."""
    return re.findall(r"""(?:"(?:\\.|[^"])*"|'(?:\\.|[^'])*'|\([^)]*\)|[^,])+""", value)


def _path(value: str) -> str:
    """A path as typed, as a value of Hydra's."""
    value = os.path.expanduser(value) if value.startswith("~") else value
    quotes = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    parsed = _parsed(value)
    if value in ("", "null", "???") or (quotes and isinstance(parsed, str)):
        return value
    return value if parsed == value else in_quotes(value)


def _parsed(value: str) -> Any:
    """What Hydra makes of a value; None where it can't read it."""
    try:
        found = OverridesParser.create().parse_override(f"key={value}")
    except HydraException:
        return None
    except Exception:  # its parser has defects of its own
        return None
    made = found._value
    return getattr(made, "text", made)


def in_quotes(value: str) -> str:
    """A value of Hydra's that is this very text."""
    # Within quotes a backslash is itself, but for those right before a quote.
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', value)
    escaped = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f'"{escaped}"'


def quoted_form(override: str) -> str | None:
    """What to write instead of an override whose value Hydra can't read."""
    found = _WORD.fullmatch(override)
    if found is None:
        return None
    plus, key, value = found.groups()
    words = f"{plus}{key}={in_quotes(value)}"
    return words if isinstance(_parsed(in_quotes(value)), str) else None
