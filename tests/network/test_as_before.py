"""Every preset of a cell, every start and every embedding: what it starts from, and what states and
answers it gives, number by number.

That the equations are right is asked in `test_cells.py` and `test_stack.py`; here nothing may
change unnoticed. What changes on purpose is written anew, and read in the difference, by
`python -m tests.network.test_as_before`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from digitsum.runs.notebook import compose

from ..conftest import REPO
from ..drawn import hold, numbers, renew

HERE = Path(__file__).parent / "as_before"
SIZES = ("replicas=2", "data.length=6", "seed=3")
READ = torch.tensor([[6, 7, 0, 0, 1, 0], [0, 9, 3, 0, 0, 0]]).repeat(2, 1, 1)


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (REPO / "conf" / group).glob("*.yaml"))


ASKED = {
    "cells": [[f"model={name}", "model.hidden_size=3"] for name in names("model")],
    "starts": [
        [f"model={cell}", f"init={name}", "model.hidden_size=4"]
        for name in names("init")
        for cell in (("lstm", "gru") if name == "chrono" else ("srn", "lstm", "indrnn"))
    ],
    "embeddings": [
        [f"embedding={name}", "model=srn_xavier", "model.hidden_size=4", *more]
        for name in names("embedding")
        for more in ([], *([["embedding.size=5"]] if name in ("frozen", "learned") else []))
    ],
}


@torch.no_grad()
def lines_of(kind: str) -> Iterator[str]:
    for words in ASKED[kind]:
        _, module = compose(*words, *SIZES)
        network = module.classifier.double()
        yield " ".join(words)
        for name, part in (*network.named_parameters(), *network.named_buffers()):
            shape = tuple(part.shape)
            yield f"  {name} {shape} {'trained' if part.requires_grad else 'fixed'}"
            yield f"    {numbers(part)}"
            known = (part.mean(), part.std(correction=0), part.min(), part.max())
            yield f"    {' '.join(f'{float(one):.4g}' for one in known)}"
        # Where all starts at zero nothing would be seen: a little is added.
        for number, part in enumerate(network.parameters(), 1):
            part += torch.sin(torch.arange(part.numel()).double() * number).view_as(part) / 4
        for t, state in enumerate(network.hidden(READ).unbind(1)):
            yield f"  h_{t + 1} {numbers(state)}"
        yield f"  answers {numbers(network(READ))}"


@pytest.mark.parametrize("kind", ASKED)
def test_it_is_as_before(kind: str) -> None:
    hold(HERE / f"{kind}.txt", list(lines_of(kind)))


if __name__ == "__main__":
    for each in ASKED:
        renew(HERE / f"{each}.txt", lines_of(each))
