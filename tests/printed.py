"""Commands that are printed are to be pasted: each is read as a shell and as its script would."""

import re
import shlex
import subprocess
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser

from digitsum.runs.typed import taken

_SCRIPT = re.compile(
    r"(?:python '?[^\s']*(?:train|evaluate)\.py'?|digitsum-(?:train|evaluate)|tensorboard --logdir"
    r"|mlflow ui) .*$",
    re.M,
)


def commands(text: str) -> list[str]:
    """What a text has of them."""
    return [found[0].rstrip() for found in _SCRIPT.finditer(text)]


def read_by_bash(line: str) -> list[str]:
    """A command's words, as bash has them."""
    asked = ["bash", "-c", f"printf '%s\\0' {line}"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


def check_printed(text: str) -> list[list[str]]:
    """Each printed command's words, once it is sure that they can be pasted."""
    read = []
    for line in commands(text):
        words = shlex.split(line, comments=True)
        if words[0] in ("tensorboard", "mlflow"):
            place = words[-1].removeprefix("sqlite:///")
            assert not place.startswith("/") or Path(place).exists(), line
            continue
        typed = words[2:] if words[0] == "python" else words[1:]
        overrides = [word for word in taken(typed) if not word.startswith("-")]
        OverridesParser.create().parse_overrides(overrides)
        for word in typed:
            key, _, place = word.partition("=")
            if key in ("run", "sweep") and place.startswith("/"):
                assert Path(place).is_dir(), line
        read.append(words)
    return read
