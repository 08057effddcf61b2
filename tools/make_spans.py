"""Puts sought memory spans into the documents: each study's page, and what the READMEs open with, a
sentence and a picture.

python tools/make_spans.py [multirun/memory_span multirun/memory_span_small]

The READMEs say a span where the ends of its interval are within a factor of 1.25, or where it is
beyond the longest length asked; by the first of the pages that has it so. So it is with how much
longer one is with twice the steps. Without a folder they are made of the pages as they are.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

from findings import FIGURES
from make_cells import ROOT, SPAN, STUDIES, page_of, rows
from make_results import gather, quoted, unused
from span_picture import bar, picture

from digitsum.figures.style import save
from digitsum.questions.span import HALF, together
from digitsum.reports.report import report

NARROW = 1.25
BY_HEART = "span by heart"  # the heading of a column that not every page has
LEARNING = "memory_span_by_heart"  # the study whose spans are all so
MEASURED = re.compile(r"(\d+) \((\d+)\): ")
ENGLISH = (
    "**Memory span on fresh examples**, the length at which accuracy falls through one half, each "
    "cell at its own learning rate: {}. Sought by the rule in [docs/method.md](docs/method.md#"
    "sought-rather-than-gridded); intervals are 95 %, by {} replicas at each end."
)
CHINESE = (
    "**新样本上的记忆跨度**（准确率降到一半以下时的长度，各单元用各自最好的学习率）：{}。搜索规则见"
    "[docs/method.md](docs/method.md#sought-rather-than-gridded)；区间为 95 %，两端各 {} 个重复。"
)
# How much longer with twice the steps: the first of these pages that says it of a cell.
BUDGETS = ("span_budget_large", "span_budget")
# Not what is a least factor.
GROWN = re.compile(r"(?<![\d.])(?<!at least )(\d[\d.]*) \[([\d.]+), ([\d.]+)\] \((\w+)\)")
LONGER = {
    ENGLISH: "\n\nWith twice the optimizer steps a span is longer by a factor of {}: "
    "[budgets]({}).\n",
    CHINESE: "\n\n优化步数加倍时，跨度变长的倍数：{}（[预算]({})）。\n",
}
# Behind these, where a page has any.
LEARNT = {
    ENGLISH: " By heart, on three copies of each pair: {}.",
    CHINESE: "在每对的三份拷贝上死记硬背时：{}。",
}


class Told(NamedTuple):
    """A span as a page has it, where to sort it, and by how many replicas its ends are."""

    words: str
    length: float
    replicas: set[int]


def told(words: str, measured: str) -> Told | None:
    """None where the interval is too wide to be said."""
    found = bar(words)
    if found is None:
        return None
    low, span, high, beyond = found
    if beyond:
        return Told(words, span + 0.5, set())
    if high > NARROW * low:
        return None
    near = [(int(length), int(count)) for length, count in MEASURED.findall(measured)]
    ends = {count for length, count in near if low / NARROW <= length <= high * NARROW}
    return Told(words, span, ends)


def sure(words: str, study: str, cell: str, lr: str) -> bool:
    """Whether the interval of accuracy at the longest length is above one half, where a span is
    said to be beyond: of the mean alone that was said, too, until the rule asked for it.
    """
    found = bar(words)
    if found is None or not found.beyond:
        return True
    at = rf"\| {cell} \| {lr} \| {found.span:.0f} \|(?: \w+ \|)? [\d.]+ \| ([\d.]+) - "
    lows = [float(low) for low in re.findall(at, page_of(study))]
    return bool(lows) and min(lows) >= HALF


def published(*columns: tuple[str, str]) -> dict[str, Told]:
    """What pages say in a column, where they have it: by cell, the shortest first.

    Args:
        columns: studies and columns, of which the first that says a cell's span is taken.
    """
    known: dict[str, Told] = {}
    for study, column in columns:
        for cell, row in rows(study).items():
            one = told(row.get(column, ""), row["measured at"])
            if one is not None and sure(one.words, study, cell, row["lr"]):
                known.setdefault(cell, one)
    return dict(sorted(known.items(), key=lambda pair: pair[1].length))


def named(known: dict[str, Told]) -> list[str]:
    return together({f"`{cell}`": one.words for cell, one in known.items()})


def longer() -> tuple[list[str], str]:
    """By what factor a cell's span is longer with twice the steps, as far as that is narrow; the
    first page that says so.
    """
    found: dict[str, str] = {}
    where: list[str] = []
    for study in BUDGETS:
        answer = re.search(r"^With twice the optimizer steps .*$", page_of(study), re.MULTILINE)
        of_steps = answer[0].partition(" With twice the hidden size")[0] if answer else ""
        for middle, low, high, cell in GROWN.findall(of_steps):
            if float(high) <= NARROW * float(low):
                found.setdefault(cell, f"{middle} [{low}, {high}] (`{cell}`)")
                where.append(f"docs/results/{study}.md")
    return [*found.values()], where[0] if where else ""


def main() -> None:
    folders = [Path(name).resolve() for name in sys.argv[1:]]
    for folder in folders:
        report(folder)
    gather(folders)
    known = published(*((study, SPAN) for study in STUDIES))
    heart = published((LEARNING, SPAN), *((study, BY_HEART) for study in STUDIES))
    cells, learnt = named(known), named(heart)
    counts = sorted(set().union(*(one.replicas for one in known.values())))
    factors, where = longer()
    many = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(*counts)
    for name, words, joined in (("README.md", ENGLISH, ", "), ("README.zh.md", CHINESE, "，")):
        count = many if name == "README.md" else many.replace(" to ", " 到 ")
        text = words.format(joined.join(cells), count)
        if learnt:
            text += LEARNT[words].format(joined.join(learnt))
        text += LONGER[words].format(joined.join(factors), where) if factors else "\n"
        quoted(ROOT / name, text, "span")
    both = ({cell: one.words for cell, one in each.items()} for each in (known, heart))
    save(picture(*both), FIGURES / "spans")
    unused()


if __name__ == "__main__":
    main()
