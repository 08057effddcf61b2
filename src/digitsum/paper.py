"""What is printed: words as they are, without markup or emoji in them, and whole tables."""

from rich.console import Console
from rich.table import Table


def paper() -> Console:
    """Standard output."""
    return Console(soft_wrap=True, markup=False, highlight=False, emoji=False)


READABLE = 110  # characters of a table of words, which may be wrapped


def show(table: Table, most: int | None = None) -> None:
    """As wide as it takes: a cut table can't be read, nor a wrapped one in a log.

    Args:
        table: of numbers and names, or of words.
        most: of words, beyond which they are wrapped.
    """
    console = paper()
    endless = console.options.update(width=10_000)
    natural = console.measure(table, options=endless).maximum
    console.width = max(console.width, min(natural, most or natural))
    console.print(table)
