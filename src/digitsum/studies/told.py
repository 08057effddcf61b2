"""A report in words: as Markdown, and on the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from digitsum.studies.claims.judgement import Judgement
from digitsum.studies.collected import Sweep
from digitsum.studies.jobs import LENGTH, Job
from digitsum.studies.page import Page


def markdown(page: Page) -> str:
    """The page as Markdown, its figures beside it."""
    parts = [f"# {page.title}", page.question, page.answer, "; ".join(page.facts) + "."]
    pictures = [f"![{picture.name}]({picture.file}.png)" for picture in page.pictures]
    parts += pictures[:1]
    if page.claims:
        parts.append("## Claims")
    for claim, _ in page.claims:
        parts.append(f"### {claim.name}. {claim.words}")
        for one in claim.judgements:
            test = f"{one.test}; {one.aside}" if one.aside else one.test
            parts += [f"**{one.verdict}**: {one.part}. ({test})", *_evidence(one)]
    for table in page.tables:
        parts += [f"## {table.title}", _table(table.head, table.rows)]
    if pictures[1:]:
        parts += ["## More figures", *pictures[1:]]
    parts += ["## Results", _table(page.results.head, page.results.rows), *page.notes]
    return "\n\n".join(filter(None, parts)) + "\n"


def summary(page: Page) -> str:
    """The question, the answer and the table of results, in Markdown."""
    table = _table(page.results.head, page.results.rows)
    return "\n\n".join(filter(None, [f"# {page.title}", page.question, page.answer, table]))


def _evidence(judged: Judgement) -> list[str]:
    """What was judged, settings side by side; then what explains it."""
    forest = judged.forest
    words = f"{forest.quantity}, against {forest.threshold:g}"
    lines = [(forest.axis, words, forest.signed, forest.rows)]
    if judged.beside:
        lines.append((forest.axis, "means", False, judged.beside))
    return [
        _table(
            [axis, *(row.setting for row in rows)],
            [[quantity, *(row.said(signed) for row in rows)]],
        )
        for axis, quantity, signed, rows in lines
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "&#124;") for cell in row) + " |" for row in lines
    )


def show(page: Page, found: Sweep) -> None:
    """On the terminal: tables, verdicts, the answer, and where everything lies."""
    # As wide as it takes: a wrapped table can't be read, nor a cut one in a log.
    console = Console(soft_wrap=True, width=160)
    shown = Table(title=f"{found.done}, chance 0.10")
    for name in page.results.head:
        shown.add_column(name, no_wrap=True)
    for row in page.results.rows:
        shown.add_row(*row)
    console.print(shown)
    for table in page.tables:
        own = Table(*table.head, title=table.title)
        for row in table.rows:
            own.add_row(*row)
        console.print(own)
    for claim, _ in page.claims:
        for one in claim.judgements:
            console.print(f"Claim {claim.name}: {one.part}: {one.verdict}", highlight=False)
    if page.answer:
        console.print(f"Answer   {page.answer}", highlight=False)
    console.print(f"Report   {found.folder / 'report.html'}")
    for picture in page.pictures:
        console.print(f"Figure   {found.folder / picture.file}.png")
    console.print(f"Table    {found.folder / 'results.csv'}")
    if found.in_tensorboard:
        console.print(f"Browse   tensorboard --logdir {found.folder}")
    if (found.folder / "mlflow.db").exists():
        store = f"sqlite:///{(found.folder / 'mlflow.db').as_posix()}"
        console.print(f"Browse   mlflow ui --backend-store-uri {store}")
    if found.best is not None:
        console.print(f"Next     {_following(found, found.best)}", highlight=False)


def _following(found: Sweep, best: Job) -> str:
    """Networks asked at lengths that they weren't trained at; of a search the best
    alone, since a person may choose on test as well.
    """
    if found.trials:
        return f"python evaluate.py run={best.folder} data.length={2 * best.settings[LENGTH]}"
    return f"python evaluate.py sweep={found.folder} lengths=5,10,20,40"
