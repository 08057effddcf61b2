"""Makes `docs/why.md`, its Chinese, what the READMEs say of it, and its studies' results.

python tools/make_why.py multirun/why multirun/ask multirun/accuracy_vs_length ...

Claims are judged by the first of the studies that can; docs/results/ takes those of `why`, `ask`
and `distractors` alone, since the others stand there with more replicas.
"""

import sys
from pathlib import Path

from findings import DOCS
from make_results import PHRASES, gather, quoted, unused, write
from translation import translated
from why import lines, page, twice

from digitsum.reports.report import report
from digitsum.sweeps.collected import collect

OWN = ("why", "ask", "distractors")
OWN_PHRASES = Path(__file__).with_name("why.zh.yaml")


def main() -> None:
    folders = [Path(name).resolve() for name in sys.argv[1:]]
    for folder in folders:
        report(folder)
    sweeps = [collect(folder) for folder in folders]
    own = [f for f, found in zip(folders, sweeps, strict=True) if found.study in OWN]
    gather(own)
    known = twice(sweeps)
    found, told = page(sweeps, known), lines(sweeps, known)
    write(DOCS / "why.md", found)
    write(DOCS / "why.zh.md", translated(found, OWN_PHRASES, PHRASES))
    if told:
        quoted(DOCS.parent / "README.md", told, "why")
        quoted(DOCS.parent / "README.zh.md", translated(told, OWN_PHRASES, PHRASES), "why")
    unused()


if __name__ == "__main__":
    main()
