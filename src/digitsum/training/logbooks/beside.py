"""A logger on somebody else's machine is told beside the training, which never waits for it.

Messages go through a queue to a thread. What the other side doesn't take is tried again while the
training goes on, and what it hasn't taken in the end is kept in the run's folder, to be told later.
"""

import json
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from lightning.pytorch.loggers import Logger, MLFlowLogger

from digitsum import shell
from digitsum.training.logbooks.book import LAST, Book, Outcome, Run
from digitsum.training.logbooks.mlflow import MLFlowBook
from digitsum.writing import write_aside

UNTOLD = "untold.json"
AGAIN = 1.0  # seconds from one try to the next
MOST = 200  # points told at once


class Message(NamedTuple):
    """What is to be told, as JSON has it: `kind` is what a book does with the rest."""

    kind: str
    content: dict[str, Any]


def tell(book: MLFlowBook, messages: list[Message]) -> None:
    """Tell a book; consecutive points at once."""
    first = messages[0]
    if first.kind == "points":
        book.points([one.content for one in messages])
        return
    content = first.content
    match first.kind:
        case "announce":
            book.announce(Run(**content))
        case "figure":
            book.figure(content["name"], Path(content["path"]), content["step"])
        case "conclude":
            book.conclude(Outcome(**content["outcome"]), content["step"])
        case "abandon":
            book.abandon()


class Beside(Logger):
    """Stands in for a logger of MLflow's on a server.

    Args:
        build: makes it, without asking the server.
        server: its address.
    """

    def __init__(self, build: Callable[[], MLFlowLogger], server: str) -> None:
        super().__init__()
        self.build, self.server = build, server
        self.told: MLFlowLogger | None = None
        self.reason = ""
        self._queue: queue.Queue[Message] = queue.Queue()
        self._under_way: list[Message] = []
        self._closing = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="beside", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return "mlflow"

    @property
    def version(self) -> str:
        return ""

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Told by `announce`."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        values = {name: float(value) for name, value in metrics.items()}
        content = {"values": values, "step": step or 0, "at": int(time.time() * 1000)}
        self.put(Message("points", content))

    def put(self, message: Message) -> None:
        self._queue.put(message)

    def _work(self) -> None:
        while not (self._closing.is_set() and self._queue.empty() and not self._under_way):
            if not self._under_way:
                self._under_way = self._next()
                continue
            try:
                if self.told is None:
                    self.told = self.build()
                tell(MLFlowBook(self.told), self._under_way)
                self._under_way = []
            except Exception as error:  # a client raises whatever its libraries do
                self.reason = (str(error).splitlines() or [type(error).__name__])[0]
                time.sleep(AGAIN)
        self._done.set()

    def _next(self) -> list[Message]:
        try:
            found = [self._queue.get(timeout=0.05)]
        except queue.Empty:
            return []
        while found[0].kind == "points" and len(found) < MOST:
            with self._queue.mutex:
                more = bool(self._queue.queue) and self._queue.queue[0].kind == "points"
            if not more:
                break
            found.append(self._queue.get())
        return found

    def wait(self) -> bool:
        """A little, for the other side; -> whether it has taken all."""
        self._closing.set()
        return self._done.wait(LAST)

    def close(self, folder: Path) -> str:
        """Wait a little for the other side; keep what it hasn't taken.

        Returns:
            a line on what wasn't told; empty where all was.
        """
        if self.wait():
            (folder / UNTOLD).unlink(missing_ok=True)
            return ""
        left = [*self._under_way]
        while not self._queue.empty():
            left.append(self._queue.get_nowait())
        logger = self.told or self.build()
        kept = {
            "tracking_uri": self.server,
            "experiment_name": logger._experiment_name,
            "run_name": logger._run_name,
            "run_id": logger._run_id,
            "messages": [one._asdict() for one in left],
        }
        write_aside(folder / UNTOLD, json.dumps(kept).encode())
        later = shell.command("evaluate", f"run={folder}", "tell=true")
        return f"{self.server} was not told all ({self.reason[:120]}); later by: {later}"


class BesideBook(Book[Beside]):
    """Hands on what a book is told."""

    def announce(self, run: Run) -> None:
        self.logger.put(Message("announce", run._asdict()))

    def figure(self, name: str, path: Path, step: int) -> None:
        content = {"name": name, "path": str(path.resolve()), "step": step}
        self.logger.put(Message("figure", content))

    def conclude(self, outcome: Outcome, step: int) -> None:
        content = {"outcome": outcome._asdict(), "step": step}
        self.logger.put(Message("conclude", content))

    def abandon(self) -> None:
        self.logger.put(Message("abandon", {}))
        self.logger.wait()

    def close(self, folder: Path) -> str:
        return self.logger.close(folder)

    def files(self, folder: Path) -> list[str]:
        return [UNTOLD]

    def browse(self, folder: Path) -> str:
        return self.logger.server
