"""Commands run in forks of one process that has imported everything."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
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
        self.begun = 0
        typed = [sys.executable, str(Path(__file__).parent / "runs" / "forked.py")]
        self.process = subprocess.Popen(
            typed, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, told: dict[str, Any]) -> Any:
        """See `forked.py`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def run(
        self,
        words: list[str],
        folder: Path | None = None,
        script: str = "train.py",
        streams: str = "",
        draws: bool = False,
        **env: str,
    ) -> Ended:
        """Type a command.

        Args:
            words: after the script.
            folder: where; None is an empty one, `self.folder`.
            script: of the repository's.
            streams: names of what is wrong with standard output and error, see `forked.py`.
            draws: whether its figures show anything.
            env: variables of the environment.
        """
        if folder is None:
            folder = self.folder
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        told = self._told(words, folder, script, "") | {"streams": streams, "draws": draws}
        told["env"] |= env
        status = self.ask(told)
        out, err = (Path(told[p]).read_text("utf-8", errors="replace") for p in ("out", "err"))
        if "ascii" not in streams:  # in which not every path can be told
            check_printed(out + err)
        return Ended(status, out, err)

    def begin(self, words: list[str], folder: Path) -> "Begun":
        """Type `train.py` and leave it running, in a group of its own."""
        self.begun += 1
        told = self._told(words, folder, "train.py", str(self.begun)) | {"begin": True}
        for name in ("out", "err"):
            Path(told[name]).touch()  # it may be killed before it has said anything
        return Begun(self, self.ask(told), Path(told["out"]), Path(told["err"]))

    def _told(self, words: list[str], folder: Path, script: str, log: str) -> dict[str, Any]:
        """What `forked.py` is to be told of any command; `log` is what its logs are named by."""
        logs = {name: str(self.folder.parent / f"{name}{log}") for name in ("out", "err")}
        told = {"folder": str(folder), "words": words, "script": script}
        # The environment as it is now: a test may have changed its own.
        usual = {"streams": "", "draws": False, "env": dict(os.environ)}
        return told | logs | usual

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class Begun:
    """A command that runs: what tests need of `subprocess.Popen`, in its words."""

    def __init__(self, forks: Forks, pid: int, out: Path, err: Path) -> None:
        self.forks, self.pid, self.logs = forks, pid, (out, err)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.forks.ask({"poll": self.pid})
        return self.returncode

    def communicate(self, timeout: float = 240) -> tuple[str, str]:
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        out, err = (one.read_text("utf-8", errors="replace") for one in self.logs)
        check_printed(out + err)
        return out, err

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
