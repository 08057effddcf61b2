"""A finished run, asked of sequences that somebody types: `evaluate.py run=PATH digits=67001`."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.table import Table
from torch import Tensor

from digitsum import paper
from digitsum.errors import UserError
from digitsum.figures.reading import reading
from digitsum.figures.style import save
from digitsum.network.classifier import Classifier
from digitsum.runs.build import question
from digitsum.runs.folders import Folder
from digitsum.runs.stored import load
from digitsum.task.examples import SHORTEST
from digitsum.task.question import Question
from digitsum.writing import write_aside

MOST = 1000  # items of a sequence


class Said(NamedTuple):
    """What replicas answer to one sequence of T items.

    Attributes:
        items: the sequence [T].
        right: the label, None where only a file knows.
        answers: of each replica [R].
        probabilities: of its own answer, by each replica [R].
        states: of replica 0 after each item [T, H].
        earlier: probabilities of each answer after each item [R, T, C].
    """

    items: list[int]
    right: int | None
    answers: list[int]
    probabilities: list[float]
    states: Tensor
    earlier: Tensor


def sequences(text: str, asked: Question) -> list[list[int]]:
    """What was typed: sequences joined by commas, each of digits, or of items between spaces.

    Raises:
        UserError: naming the sequence and the item that can't be.
    """
    found = []
    for one in text.split(","):
        words = one.split() if " " in one.strip() else list(one.strip())
        if not SHORTEST <= len(words) <= MOST:
            raise UserError(
                f"digits is {one.strip() or 'empty'}, with {len(words)} items; a sequence has from "
                f"{SHORTEST} to {MOST}"
            )
        for place, word in enumerate(words, 1):
            if not (re.fullmatch("[0-9]{1,3}", word, re.ASCII) and int(word) < asked.items):
                raise UserError(
                    f"digits is {one.strip()}: item {place} is {word!r}; it must be from 0 to "
                    f"{asked.items - 1}"
                )
        found.append([int(word) for word in words])
    return found


@torch.no_grad()
def ask(classifier: Classifier, items: list[int], asked: Question) -> Said:
    """Every replica, by its best weights."""
    replicas = len(classifier.cell.W)
    digits = torch.tensor(items).expand(replicas, 1, -1).contiguous()
    states = classifier.hidden(digits)[:, :, 0]  # [R, T, H]
    earlier = classifier.readout(states).softmax(-1)
    probabilities, answers = earlier[:, -1].max(-1)
    right = None if asked.ask == "label" else int(asked.labels(np.array(items)))
    return Said(items, right, answers.tolist(), probabilities.tolist(), states[0], earlier)


def ask_run(folder: Path, text: str) -> None:
    """Print votes, write pictures and answers into the run's folder. Raises: UserError."""
    run = load(folder)
    asked = question(run.config)
    typed = sequences(text, asked)
    console, figures = paper.paper(), []
    table = Table("sequence", "votes (mean probability)", "right")
    for items in typed:
        said = ask(run.classifier, items, asked)
        votes = Counter(said.answers).most_common()
        shown = " ".join(map(str, items))
        table.add_row(
            shown, "; ".join(_vote(said, answer, asked) for answer, _ in votes), _right(said, asked)
        )
        answer = votes[0][0] if said.right is None else said.right
        place = folder / "evaluation" / f"digits={_name(items)}"
        names = [
            f"evaluation/{place.name}/{name}"
            for name in ("asked.json", "reading.png", "reading.pdf")
        ]
        Folder(folder, "run").add(names)
        told: dict[str, Any] = {"digits": items, "right": said.right, "answers": said.answers}
        told |= {"probabilities": [round(one, 6) for one in said.probabilities]}
        write_aside(place / "asked.json", (json.dumps(told, indent=2) + "\n").encode())
        likely = said.earlier[:, :, answer].T.numpy()
        made = reading(said.states.numpy(), likely, items, asked.said(answer))
        figures.append(save(made, place / "reading"))
    paper.show(table)
    trained = run.config.data.length
    others = sorted({len(items) for items in typed} - {trained})
    if others:
        console.print(f"Trained at length {trained}; asked at {', '.join(map(str, others))}.")
    for picture in figures:
        console.print(f"Figure   {picture}")


def _vote(said: Said, answer: int, asked: Question) -> str:
    own = [p for a, p in zip(said.answers, said.probabilities, strict=True) if a == answer]
    return f"{asked.said(answer)}: {len(own)} of {len(said.answers)} ({np.mean(own):.2f})"


def _right(said: Said, asked: Question) -> str:
    if said.right is None:
        return "-"
    count = said.answers.count(said.right)
    return f"{asked.said(said.right)}: {count} of {len(said.answers)} right"


def _name(items: list[int]) -> str:
    """A folder's name for a sequence, not too long for any system."""
    text = ("" if max(items) < 10 else ".").join(map(str, items))
    return text if len(text) <= 60 else f"{text[:48]}...{len(items)}"
