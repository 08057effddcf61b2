"""All studies and searches there are, with the question that each asks: what `study=?` prints."""

import re
from collections.abc import Sequence

from rich.box import SIMPLE
from rich.table import Table

from digitsum import paper, shell
from digitsum.runs.search_path import STUDIES

GROUPS = ("study", "search")


def questions() -> dict[str, str]:
    """Names and questions, each from the head of a YAML."""
    return {name: asked for group in GROUPS for name, (asked, _) in _in(group).items()}


def _in(group: str) -> dict[str, tuple[str, str]]:
    """Questions, and what they took."""
    found = {}
    for path in sorted((STUDIES / group).glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        asked, took = (
            re.search(rf"^# {word}: (.*)$", text, flags=re.M) for word in ("Question", "Time")
        )
        found[path.stem] = (asked[1] if asked else "", took[1].rstrip(".") if took else "")
    return found


def wants_a_list(words: Sequence[str]) -> bool:
    """Whether somebody asked for one: `study=`, `study=?`."""
    return any(word in (f"{group}=", f"{group}=?") for group in GROUPS for word in words)


def mistyped(words: Sequence[str]) -> bool:
    """Whether a name is given that isn't there."""
    pairs = [word.partition("=")[::2] for word in words]
    named = [STUDIES / group / f"{name}.yaml" for group, name in pairs if group in GROUPS]
    if any(word.startswith(("--config-dir", "-cd", "--config-path", "-cp")) for word in words):
        return False  # there may be others, which Hydra knows
    return any(
        path.stem.isidentifier() and path.stem != "null" and not path.exists() for path in named
    )


def show() -> None:
    """On the terminal."""
    for group in GROUPS:
        table = Table(f"{group}=", "its question", "took, on two cores", box=SIMPLE)
        for name, told in _in(group).items():
            table.add_row(name, *told)
        paper.show(table, paper.READABLE)
    paper.paper().print(f"Run one by   {shell.command('train', 'study=NAME')}")
