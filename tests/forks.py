"""Commands run in forks of one process that has imported everything."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from .printed import check_printed


class Ended(NamedTuple):
    """How a command ended; `status` is None where it took too long."""

    status: int | None
    out: str
    err: str


class Forks:
    """Runs commands, in an empty folder each unless one is given."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "cwd"
        typed = [sys.executable, str(Path(__file__).parent / "runs" / "forked.py")]
        self.process = subprocess.Popen(
            typed, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self,
        words: list[str],
        folder: Path | None = None,
        script: str = "train.py",
        streams: str = "",
        **env: str,
    ) -> Ended:
        """Type a command.

        Args:
            words: after the script.
            folder: where; None is an empty one, `self.folder`.
            script: of the repository's.
            streams: names of what is wrong with standard output and error, see `forked.py`.
            env: variables of the environment.
        """
        if folder is None:
            folder = self.folder
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        told: dict[str, Any] = {"folder": str(folder), "words": words, "script": script}
        told["env"] = dict(os.environ) | env  # a test may have changed its own
        logs = {"out": str(self.folder.parent / "out"), "err": str(self.folder.parent / "err")}
        self.process.stdin.write(json.dumps(told | logs | {"streams": streams}) + "\n")
        self.process.stdin.flush()
        status = json.loads(self.process.stdout.readline())
        out, err = (Path(p).read_text("utf-8", errors="replace") for p in logs.values())
        if "ascii" not in streams:  # in which not every path can be told
            check_printed(out + err)
        return Ended(status, out, err)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
