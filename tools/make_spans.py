"""Puts sought memory spans into the documents: each study's page, and what the READMEs open with.

python tools/make_spans.py multirun/memory_span multirun/memory_span_small

The READMEs say a span where the ends of its interval are within a factor of 1.25, or where it is
beyond the longest length asked; by the first of the studies that has it so.
"""

import sys
from pathlib import Path

import numpy as np
from findings import DOCS
from make_results import gather, quoted, unused

from digitsum.questions.span import Span, spans, together
from digitsum.reports.report import report
from digitsum.sweeps.collected import collect

NARROW = 1.25
ENGLISH = (
    "**Memory span on fresh examples**, the length at which accuracy falls through one half, each "
    "cell at its own learning rate: {}. Sought by the rule in [docs/method.md](docs/method.md#"
    "sought-rather-than-gridded); intervals are 95 %, by {} replicas at each end."
)
CHINESE = (
    "**新样本上的记忆跨度**（准确率降到一半以下时的长度，各单元用各自最好的学习率）：{}。搜索规则见"
    "[docs/method.md](docs/method.md#sought-rather-than-gridded)；区间为 95 %，两端各 {} 个重复。"
)


def sayable(one: Span) -> bool:
    if np.isinf(one.low):
        return True
    return one.low > 0 and bool(one.high / one.low <= NARROW)


def main() -> None:
    folders = [Path(name).resolve() for name in sys.argv[1:]]
    known: dict[str, Span] = {}
    for folder in folders:
        report(folder)
        for one in spans(collect(folder)):
            if sayable(one):
                known.setdefault(one.model, one)
    gather(folders)
    rows = sorted(known.values(), key=lambda one: one.span)
    counts = {
        len(values)
        for one in rows
        for length, values in zip(one.lengths, one.accuracy, strict=True)
        if np.isfinite(one.high) and one.low / NARROW <= length <= one.high * NARROW
    }
    many = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else str(max(counts, default=0))
    for name, words, joined in (("README.md", ENGLISH, ", "), ("README.zh.md", CHINESE, "，")):
        told = joined.join(together({one.model: one for one in rows}, "`"))
        count = many if name == "README.md" else many.replace(" to ", " 到 ")
        quoted(DOCS.parent / name, words.format(told, count) + "\n", "span")
    unused()


if __name__ == "__main__":
    main()
