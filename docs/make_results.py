"""Gathers the reports of finished studies into `docs/results.md`, with their figures beside it.

python docs/make_results.py multirun/accuracy_vs_length multirun/learning_rate ...
"""

import re
import shutil
import sys
from datetime import date
from pathlib import Path

from digitsum.studies.report import report

DOCS = Path(__file__).resolve().parent
HEAD = """# Results of the studies at full settings

Every study as its one command runs it: 16 replicas a job, 19,000 optimizer steps (the explosion's
250), {day}. Lines are means over replicas, bands 95 % bootstrap intervals, dots replicas.
"""


def gathered(folder: Path) -> str:
    """A study's report one heading lower, its figures copied to `docs/figures`."""
    report(folder)

    def copied(match: re.Match[str]) -> str:
        name = f"{folder.name}_{match[2]}"
        shutil.copy(folder / match[2], DOCS / "figures" / name)
        return f"![{match[1]}](figures/{name})"

    text = (folder / "report.md").read_text()
    text = re.sub(r"!\[(.*?)\]\((.*?)\)", copied, text)
    return re.sub(r"^#", "##", text, flags=re.M)


def main() -> None:
    (DOCS / "figures").mkdir(exist_ok=True)
    parts = [HEAD.format(day=date.today().isoformat())]
    parts += [gathered(Path(name).resolve()) for name in sys.argv[1:]]
    (DOCS / "results.md").write_text("\n".join(parts))


if __name__ == "__main__":
    main()
