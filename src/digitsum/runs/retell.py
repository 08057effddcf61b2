"""What a run couldn't tell a server while it ran, told now: `evaluate.py run=FOLDER tell=true`."""

import os
from itertools import groupby
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import MLFlowLogger

from digitsum.errors import UserError
from digitsum.runs.loggers import quiet
from digitsum.runs.results import read_json
from digitsum.training.logbooks.beside import UNTOLD, Message, tell
from digitsum.training.logbooks.mlflow import MLFlowBook

KINDS = ("announce", "points", "figure", "conclude", "abandon")


def retell(folder: Path) -> None:
    """Tell it, and say so.

    Raises:
        UserError: nothing is left to tell, it can't be read, or the server doesn't take it.
    """
    path = folder / UNTOLD
    if not path.exists():
        raise UserError(f"{folder}: nothing is left to tell")
    kept = read_json(path, "a run")
    messages = _messages(kept, path)
    server = kept["tracking_uri"]
    quiet()
    logger = MLFlowLogger(
        experiment_name=kept["experiment_name"],
        run_name=kept["run_name"],
        tracking_uri=server,
        run_id=kept["run_id"],
    )
    book = MLFlowBook(logger)
    try:
        for kind, group in groupby(messages, lambda one: one.kind):
            alike = [_here(one, folder) for one in group]
            for some in [alike] if kind == "points" else [[one] for one in alike]:
                tell(book, some)
    except Exception as error:  # a client raises whatever its libraries do
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{server} doesn't take it ({reason[:200]})") from None
    os.unlink(path)
    print(f"{len(messages)} messages told to {server}")


def _messages(kept: Any, path: Path) -> list[Message]:
    named = ("tracking_uri", "experiment_name", "run_name", "run_id")
    known = isinstance(kept, dict) and isinstance(kept.get("messages"), list)
    if not known or not all(isinstance(kept.get(one), str | None) for one in named):
        raise UserError(f"{path}: not what a run keeps to be told")
    server = kept.get("tracking_uri")
    if not str(server).startswith(("http://", "https://")):
        raise UserError(f"{path}: tracking_uri is {server}; it must be a server's")
    for one in kept["messages"]:
        content = one.get("content") if isinstance(one, dict) else None
        if not isinstance(content, dict) or one.get("kind") not in KINDS:
            raise UserError(f"{path}: holds a message that no run writes")
    return [Message(one["kind"], one["content"]) for one in kept["messages"]]


def _here(message: Message, folder: Path) -> Message:
    """A figure is one of this folder's, wherever that lies now."""
    if message.kind != "figure":
        return message
    path = folder / Path(str(message.content.get("path"))).name
    return Message(message.kind, message.content | {"path": str(path)})
