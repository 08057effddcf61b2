"""A table as a picture, for where only pictures are shown."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from digitsum.figures.style import figure, styled

SHOWN = 14  # rows, beyond which a card is too small for them
WIDEST = 40  # characters of a cell: why a job failed may be long
LETTER, LINE = 0.085, 0.24  # inches


def table(head: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> Figure:
    """Head and rows; what doesn't fit is counted."""
    shown = [[cell[:WIDEST] for cell in row] for row in rows[:SHOWN]]
    widths = [max(len(row[i]) for row in [head, *shown]) + 2 for i in range(len(head))]
    with styled():
        made = figure(LETTER * sum(widths), LINE * (len(shown) + 3))
        axes = made.subplots()
        axes.axis("off")
        cells = axes.table(
            shown,
            colLabels=list(head),
            colWidths=[width / sum(widths) for width in widths],
            cellLoc="right",
            loc="upper center",
            edges="horizontal",
        )
        cells.auto_set_font_size(False)
        cells.set_fontsize(9)
        more = len(rows) - len(shown)
        axes.set_title(title + (f"; {more} more rows under Text" if more else ""), fontsize=9)
    return made
