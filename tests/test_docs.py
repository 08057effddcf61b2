"""What the documents promise: the notebook runs, and shows what it says."""

import nbformat
from nbclient import NotebookClient

from .conftest import REPO

DOCS = REPO / "docs"


def test_the_tour_runs() -> None:
    book = nbformat.read(DOCS / "tour.ipynb", as_version=4)
    place = {"metadata": {"path": str(DOCS)}}
    NotebookClient(book, timeout=240, resources=place).execute()  # raises where a cell does
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 5
    printed = "".join(output.get("text", "") for output in outputs)
    assert "0.3177 0.4775" in printed  # the textbook's worked example
    assert "6 of 6 jobs complete" in printed
