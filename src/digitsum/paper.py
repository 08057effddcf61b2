"""What is printed: words as they are, without markup or emoji in them, and whole tables."""

from rich.console import Console
from rich.table import Table


def paper() -> Console:
    """Standard output."""
    return Console(soft_wrap=True, markup=False, highlight=False, emoji=False)


def show(table: Table) -> None:
    """As wide as it takes: a cut table can't be read, nor a wrapped one in a log."""
    console = paper()
    endless = console.options.update(width=10_000)
    console.width = max(console.width, console.measure(table, options=endless).maximum)
    console.print(table)
