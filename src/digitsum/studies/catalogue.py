"""All studies there are, with the question that each asks: what `study=?` prints."""

import re

from rich.console import Console
from rich.table import Table

from digitsum.runs.search_path import STUDIES


def questions() -> dict[str, str]:
    """Names and questions, each from the second line of a study's YAML."""
    found = {}
    for path in sorted((STUDIES / "study").glob("*.yaml")):
        asked = re.search(r"^# Question: (.*)$", path.read_text(encoding="utf-8"), flags=re.M)
        found[path.stem] = asked[1] if asked else ""
    return found


def show() -> None:
    table = Table("study=", "its question", title="Studies")
    for name, question in questions().items():
        table.add_row(name, question)
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("Run one by   python train.py study=NAME", highlight=False)
