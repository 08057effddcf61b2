"""What is printed: words as they are, without markup or emoji in them, and whole tables."""

from rich.console import Console
from rich.table import Table


def paper(width: int | None = None) -> Console:
    """Standard output, of the terminal's width or of this one."""
    height = None if width is None else 25  # without one, a dumb terminal's width can't be set
    return Console(
        soft_wrap=True, markup=False, highlight=False, emoji=False, width=width, height=height
    )


def duration(seconds: float) -> str:
    """In words, to the second where it is short, to a tenth where it is very short."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds >= 2 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


ENDLESS, LEAST = 10_000, 60  # characters
INDENT = "  "
READABLE = 110  # characters of a table of words, which may be wrapped


def show(table: Table, most: int | None = None) -> None:
    """Whole: a cut table can't be read, nor a wrapped one. On a terminal that is too narrow it goes
    without its lines, and then a row below the other; in a pipe or a log it is as wide as it takes.

    Args:
        table: of numbers and names, or of words.
        most: of words, beyond which they are wrapped.
    """
    console = paper()
    room = console.width if console.is_terminal else ENDLESS
    if most is not None:
        paper(min(_natural(console, table), most, max(room, LEAST))).print(table)
        return
    if _natural(console, table) > room:
        table.box, table.pad_edge = None, False
    if (natural := _natural(console, table)) <= room:
        paper(natural).print(table)
        return
    head = [str(column.header) for column in table.columns]
    if table.title:
        console.print(str(table.title))
    for row in zip(*(column.cells for column in table.columns), strict=True):
        pairs = [(name, str(cell)) for name, cell in zip(head, row, strict=True) if str(cell)]
        words = [f"{name} {cell}".strip() for name, cell in pairs]
        for place, line in enumerate(_packed(words, room - len(INDENT))):
            console.print(INDENT * (place > 0) + line)


def _packed(words: list[str], room: int) -> list[str]:
    """Side by side as far as they fit, none of them parted."""
    lines = words[:1]
    for one in words[1:]:
        longer = f"{lines[-1]}, {one}"
        lines = [*lines[:-1], longer] if len(longer) <= room else [*lines, one]
    return lines


def _natural(console: Console, table: Table) -> int:
    """Characters that a table takes where nothing is cut, title and all."""
    return console.measure(table, options=console.options.update(width=ENDLESS)).maximum
