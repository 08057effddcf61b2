"""A report in words: as Markdown, and on the terminal."""

import re
from collections.abc import Sequence

from rich.table import Table

from digitsum import paper, shell
from digitsum.questions.judgement import Judgement
from digitsum.reports.page import Page
from digitsum.reports.table import narrow
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import LENGTH, Job

LENGTHS = (5, 10, 20, 40)  # at which a sweep's networks may be asked next


def markdown(page: Page) -> str:
    """The page as Markdown, its figures beside it."""
    parts = [f"# {escaped(page.title)}", page.question, escaped(page.answer)]
    parts.append(escaped("; ".join(page.facts)) + ".")
    pictures = [f"![{picture.name}]({picture.file}.png)" for picture in page.pictures]
    parts += pictures[:1]
    if page.claims or page.silent:
        parts += ["## Claims", *page.silent]
    for claim, _ in page.claims:
        parts.append(f"### {claim.name}. {claim.words}")
        for one in claim.judgements:
            test = f"{one.test}; {one.aside}" if one.aside else one.test
            on = f" on {one.on}" if one.on else ""
            parts += [f"**{one.verdict}**{on}: {one.part}. ({test})", *_evidence(one)]
    for table in page.tables:
        parts += [f"## {escaped(table.title)}", _table(table.head, table.rows)]
    if pictures[1:]:
        parts += ["## More figures", *pictures[1:]]
    parts += ["## Results", _table(page.results.head, page.results.rows)]
    parts += ["## How it was made", *([f"    {page.command}"] if page.command else [])]
    parts += map(escaped, page.notes)
    return "\n\n".join(filter(None, parts)) + "\n"


def escaped(text: str) -> str:
    """Text that may come from anywhere: no HTML, no link, no code, no line of its own."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", re.sub(r"&(?=#?\w+;)", "&amp;", text))
    text = text.replace("](", "]&#40;").replace("`", "&#96;")
    return " ".join(text.split())


def summary(page: Page) -> str:
    """The question, the answer and the table of results, in Markdown."""
    table = _table(page.results.head, page.results.rows)
    told = [f"# {escaped(page.title)}", page.question, escaped(page.answer), table]
    return "\n\n".join(filter(None, told))


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
        "| " + " | ".join(escaped(cell).replace("|", "&#124;") for cell in row) + " |"
        for row in lines
    )


def show(page: Page, found: Sweep) -> None:
    """On the terminal: tables, verdicts, the answer, and where everything lies."""
    console = paper.paper()
    title, names, body = narrow(found)
    if found.complete:
        shown = Table(title=title)
        for name in names:
            shown.add_column(name, no_wrap=True)
        for cells in body:
            shown.add_row(*cells)
        paper.show(shown)
    else:
        console.print(title)
    for job in found.unfinished:
        if job.result is not None:
            told = f"{job.folder.name}: {job.result.get('error')}"
            console.print(f"{job.status.capitalize():<8} {told}")
    for table in page.tables:
        own = Table(*table.head, title=table.title)
        for row in table.rows:
            own.add_row(*row)
        paper.show(own)
    for claim, _ in page.claims:
        for one in claim.judgements:
            on = f" (on {one.on})" if one.on else ""
            console.print(f"Claim {claim.name}: {one.part}: {one.verdict}{on}")
    for words in page.silent:
        console.print(words)
    if page.answer:
        console.print(f"Answer   {page.answer}")
    console.print(f"Report   {found.folder / 'report.html'}")
    for picture in page.pictures:
        console.print(f"Figure   {found.folder / picture.file}.png")
    console.print(f"Table    {found.folder / 'results.csv'}")
    if found.in_tensorboard:
        browse = shell.quoted(["tensorboard", "--logdir", str(found.folder)])
        console.print(f"Browse   {browse}")
    if (found.folder / "mlflow.db").exists():
        store = f"sqlite:///{(found.folder / 'mlflow.db').as_posix()}"
        browse = shell.quoted(["mlflow", "ui", "--backend-store-uri", store])
        console.print(f"Browse   {browse}")
    if found.best is not None:
        console.print(f"Next     {_following(found, found.best)}")


def _following(found: Sweep, best: Job) -> str:
    """Networks asked at lengths that they weren't trained at; of a search the best
    alone, since a person may choose on test as well.
    """
    brought = best.settings.get("data.dir", "null") != "null"  # a person's files have one length
    if found.trials or brought:
        more = "split=dev" if brought else f"data.length={2 * best.settings[LENGTH]}"
        return shell.command("evaluate", f"run={best.folder}", more)
    counts = [job.settings.get("data.distractors", 1) for job in found.complete]
    most = max((count for count in counts if isinstance(count, int)), default=1)
    lengths = ",".join(str(length) for length in LENGTHS if most <= length - 2)
    return shell.command("evaluate", f"sweep={found.folder}", f"lengths={lengths}")
