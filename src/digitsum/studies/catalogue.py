"""All studies and searches there are, with the question that each asks: what `study=?` prints."""

import re

from rich.console import Console
from rich.table import Table

from digitsum.runs.search_path import STUDIES

GROUPS = ("study", "search")


def questions() -> dict[str, str]:
    """Names and questions, each from the second line of a YAML."""
    return {name: asked for group in GROUPS for name, asked in _in(group).items()}


def _in(group: str) -> dict[str, str]:
    found = {}
    for path in sorted((STUDIES / group).glob("*.yaml")):
        asked = re.search(r"^# Question: (.*)$", path.read_text(encoding="utf-8"), flags=re.M)
        found[path.stem] = asked[1] if asked else ""
    return found


def show() -> None:
    """On the terminal."""
    console = Console(soft_wrap=True)
    for group in GROUPS:
        table = Table(f"{group}=", "its question")
        for name, question in _in(group).items():
            table.add_row(name, question)
        console.print(table)
    console.print("Run one by   python train.py study=NAME", highlight=False)
