"""A figure as an `<svg>` element for a page: text stays text, colours follow the page's, and values
show where the pointer rests, without a script.
"""

import io
import re
from typing import Any
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from digitsum.figures.hover import BETWEEN, HOVER
from digitsum.figures.style import DPI, LOOKS, STYLE

_NAMESPACE = "http://www.w3.org/2000/svg"
# What must be seen on any ground: matplotlib's black, greys that mean something, the lines' own
# colours.
_INK = re.compile(r"#(?:000000|262626|333333)\b")
_GRID = "#b0b0b0"  # matplotlib's
_MUTED = re.compile(r"#(?:595959|666666|4c4c4c|808080)\b")
_HOLLOW = re.compile(r"fill: #ffffff; stroke\b")  # a marker's inside
_LOOKS = re.compile("|".join(look.colour.lower() for look in LOOKS if look.colour != "#000000"))


def inline(made: Figure, name: str) -> str:
    """The figure as one `<svg>` element, drawn once: `savefig` would draw it twice, for a layout
    that it has already.

    Args:
        made: the figure; its layout is kept, its ground isn't.
        name: tells its ids from those of other figures in the page, and is read out to those who
            can't see it.
    """
    text = io.StringIO()
    hashed = {"svg.fonttype": "none", "svg.hashsalt": name}
    with rc_context(STYLE | hashed):  # type: ignore[arg-type]
        for ground in (made.patch, *(axes.patch for axes in made.axes)):
            ground.set(facecolor="none", edgecolor="none")
        made.set_dpi(DPI)
        canvas: Any = FigureCanvasSVG(made)
        canvas.print_svg(text, metadata={"Date": None})
    ElementTree.register_namespace("", _NAMESPACE)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.fromstring(text.getvalue())
    for child in root.findall(_of("metadata")):
        root.remove(child)
    root.set("role", "img")
    root.set("aria-label", name)
    for group in root.iter(_of("g")):
        if group.get("id", "").startswith(HOVER):
            _tell(group, group.attrib.pop("id").removeprefix(HOVER).split(BETWEEN))
    page = ElementTree.tostring(root, encoding="unicode")
    # Ids that nothing refers to would only collide with those of other figures.
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", page))
    page = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", page)
    page = _MUTED.sub("var(--muted)", _INK.sub("currentColor", page)).replace("\n", " ")
    page = _HOLLOW.sub("fill: var(--ground); stroke", page.replace(_GRID, "var(--grid)"))
    return _LOOKS.sub(lambda found: f"var(--c-{found[0][1:]}, {found[0]})", page)


def _of(tag: str) -> str:
    return f"{{{_NAMESPACE}}}{tag}"


def _tell(group: ElementTree.Element, words: list[str]) -> None:
    markers = list(group.iter(_of("use")))
    places = markers if len(markers) == len(words) else [group]
    for place, said in zip(places, words, strict=False):
        title = ElementTree.Element(_of("title"))
        title.text = said
        place.insert(0, title)
