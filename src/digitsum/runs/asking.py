"""A finished run, asked of sequences that somebody types: `evaluate.py run=PATH digits=67001`."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from rich.table import Table
from torch import Tensor

from digitsum import paper
from digitsum.figures.reading import reading
from digitsum.figures.style import save
from digitsum.network.classifier import Classifier
from digitsum.runs.build import question
from digitsum.runs.folders import Folder
from digitsum.runs.stored import load
from digitsum.task.question import Question
from digitsum.task.sequences import sequences
from digitsum.writing import write_aside

COMMONEST = 3  # answers that are told one by one


class Said(NamedTuple):
    """What replicas answer to one sequence of T items.

    Attributes:
        items: the sequence [T].
        right: the label, None where only a file knows.
        answers: of each replica [R].
        probabilities: of its own answer, by each replica [R].
        states: of replica 0 after each item [T, H].
        earlier: probabilities of each answer after each item [R, T, C].
        asked: what the answers mean.
    """

    items: list[int]
    right: int | None
    answers: list[int]
    probabilities: list[float]
    states: Tensor
    earlier: Tensor
    asked: Question

    def __repr__(self) -> str:
        right = f"; right is {_right(self)}" if self.right is not None else ""
        return f"{' '.join(map(str, self.items))} -> {_votes(self)}{right}"

    def figure(self) -> Figure:
        """Its states, item by item, and when the answer is first readable."""
        answer = Counter(self.answers).most_common(1)[0][0] if self.right is None else self.right
        likely = self.earlier[:, :, answer].T.numpy()
        return reading(self.states.numpy(), likely, self.items, self.asked.said(answer))


@torch.no_grad()
def ask(classifier: Classifier, items: list[int], asked: Question) -> Said:
    """Every replica, by its best weights."""
    replicas = len(classifier.cell.W)
    digits = torch.tensor(items).expand(replicas, 1, -1).contiguous()
    states = classifier.hidden(digits)[:, :, 0]  # [R, T, H]
    earlier = classifier.readout(states).softmax(-1)
    probabilities, answers = earlier[:, -1].max(-1)
    right = None if asked.ask == "label" else int(asked.labels(np.array(items)))
    each = answers.tolist(), probabilities.tolist()
    return Said(items, right, *each, states[0], earlier, asked)


def ask_run(folder: Path, text: str) -> None:
    """Print votes, write pictures and answers into the run's folder. Raises: UserError."""
    run = load(folder)
    asked = question(run.config)
    typed = sequences(text, asked)
    console, figures = paper.paper(), []
    table = Table("sequence", "votes (mean probability)", "right")
    for items in typed:
        said = ask(run.classifier, items, asked)
        table.add_row(" ".join(map(str, items)), _votes(said), _right(said))
        place = folder / "evaluation" / f"digits={_name(items)}"
        names = [
            f"evaluation/{place.name}/{name}"
            for name in ("asked.json", "reading.png", "reading.pdf")
        ]
        Folder(folder, "run").add(names)
        told: dict[str, Any] = {"digits": items, "right": said.right, "answers": said.answers}
        told |= {"probabilities": [round(one, 6) for one in said.probabilities]}
        write_aside(place / "asked.json", (json.dumps(told, indent=2) + "\n").encode())
        figures.append(save(said.figure(), place / "reading"))
    paper.show(table)
    trained = run.config.data.length
    others = sorted({len(items) for items in typed} - {trained})
    if others:
        console.print(f"Trained at length {trained}; asked at {', '.join(map(str, others))}.")
    for picture in figures:
        console.print(f"Figure   {picture}")


def _votes(said: Said) -> str:
    """The commonest answers, with how many replicas gave each and how sure they were; of others
    how many there are.
    """
    told = []
    votes = Counter(said.answers).most_common()
    # To say that there is one other takes as much room as to say which.
    kept = votes if len(votes) <= COMMONEST + 1 else votes[:COMMONEST]
    for answer, _ in kept:
        own = [p for a, p in zip(said.answers, said.probabilities, strict=True) if a == answer]
        sure = f"{len(own)} of {len(said.answers)} ({np.mean(own):.2f})"
        told.append(f"{said.asked.said(answer)}: {sure}")
    if len(kept) < len(votes):
        told.append(f"{len(votes) - len(kept)} others")
    return "; ".join(told)


def _right(said: Said) -> str:
    if said.right is None:
        return "-"
    count = said.answers.count(said.right)
    return f"{said.asked.said(said.right)}, by {count} of {len(said.answers)}"


def _name(items: list[int]) -> str:
    """A folder's name for a sequence, not too long for any system."""
    text = ("" if max(items) < 10 else ".").join(map(str, items))
    return text if len(text) <= 60 else f"{text[:48]}...{len(items)}"
