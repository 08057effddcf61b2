"""A report as one self-contained page: what was asked, the answer, the picture, the evidence.

No script and nothing fetched: figures are inline SVG that shows values where the pointer rests.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from digitsum.questions.judgement import Claim, Judgement

# A figure wider than so many points scrolls on a phone: smaller than so, its text is too small.
NARROW, READABLE = 320, 0.85
_NUMBER = re.compile(r"[<>]? ?[-+]?(\d[\d.,]*%?|-)( - [-+\d.]+| \[[^\]]*\])?$")


class Picture(NamedTuple):
    """A figure as `<svg>`, and as files beside the page for whoever wants to keep it."""

    name: str
    svg: str
    file: str

    @property
    def caption(self) -> str:
        return self.name.replace("_", " ")

    @property
    def least(self) -> int | None:
        """Points below which its text can't be read; None where it fits anywhere."""
        found = re.search(r'width="([\d.]+)pt"', self.svg)
        width = float(found[1]) if found is not None else 0.0
        return round(READABLE * width) if width > NARROW else None


class Part(NamedTuple):
    """A part of a claim with its forest plot."""

    judged: Judgement
    svg: str


class Table(NamedTuple):
    """Under a title, a head and rows."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Page(NamedTuple):
    """What a page shows, from the top down."""

    title: str
    question: str
    answer: str
    facts: Sequence[str]
    pictures: Sequence[Picture]
    claims: Sequence[tuple[Claim, Sequence[Part]]]
    tables: Sequence[Table]
    results: Table
    notes: Sequence[str]
    silent: Sequence[str] = ()  # claims that aren't judged, and why
    command: str = ""  # that made it


def html(page: Page) -> str:
    """The page's text."""
    rooms = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rooms.filters |= {"svg": Markup, "number": lambda cell: bool(_NUMBER.match(cell))}
    return rooms.get_template("report.html").render(page=page)
