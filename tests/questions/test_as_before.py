"""All that a study says and draws of invented sweeps, word by word and point by point.

That the numbers are right is worked out by hand elsewhere (`test_by_hand.py`, `test_why.py`,
`test_read_back.py`); here nothing may change unnoticed. What changes on purpose is written anew by
`python -m tests.questions.test_as_before`, and read in the difference.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.utils import get_method
from matplotlib.figure import Figure
from omegaconf import OmegaConf

from digitsum.questions.forest import forest
from digitsum.questions.judgement import Claim
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.span_rule import FRESH

from ..conftest import REPO
from ..drawn import hold, on_figure, renew
from ..invented import WOBBLE, chosen
from .test_by_hand import Jobs, norms

HERE = Path(__file__).parent / "as_before"
LENGTHS = (5, 10, 15, 20, 25, 30, 35)
TIGHT = 0.1 * WOBBLE  # replicas so close that what is no difference is known to be none


def curves(train: float, dev: float, looks: int = 7) -> dict[str, Any]:
    """Losses of eight replicas that fall to these, each look another value."""
    fall = np.linspace(2.0, 1.0, looks)[:, None] + WOBBLE
    return {
        "step": 100 * np.arange(1, looks + 1),
        "train_loss": fall * train,
        "dev_loss": fall * dev,
    }


def cells() -> Jobs:
    """Four cells over seven lengths: one forgets, one turns at 25, two are alike."""
    tests = {
        "srn": [0.9, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15],
        "srn_residual": [0.99, 0.97, 0.95, 0.93, 0.88, 0.93, 0.95],
        "lstm": [0.95, 0.94, 0.9, 0.85, 0.8, 0.78, 0.75],
        "gru": [0.96, 0.95, 0.89, 0.85, 0.81, 0.78, 0.72],
    }
    return [
        {
            "model": model,
            "data.length": length,
            "test": test,
            "dev": test - 0.03,
            "train_loss": 0.1 + 0.01 * number,
            "dev_loss": 2 - test,
            "arrays": {"curves": curves(0.1 + 0.01 * number, 2 - test, 900 if number else 7)},
        }
        for model, row in tests.items()
        for number, (length, test) in enumerate(zip(LENGTHS, row, strict=True))
    ][::-1]


def alike() -> Jobs:
    """Cells that are as good at every length, but on fresh examples, where the LSTM is better."""
    return [
        {
            "model": model,
            "data.length": length,
            "data.fresh": fresh,
            "data.shuffle": fresh,
            "test": 0.85 + TIGHT + 0.1 * (fresh and model == "lstm"),
            "train_loss": 0.2 + TIGHT,
            "dev_loss": 0.3 + TIGHT + 0.2 * fresh,
        }
        for fresh in (True, False)
        for model in ("lstm", "srn", "gru", "srn_residual")
        for length in (35, 15, 25)
    ]


def rates() -> Jobs:
    return [
        {
            "model": "srn_residual",
            "lr": lr,
            "data.length": length,
            "test": {0.1: 0.2, 0.01: 0.9, 0.001: 0.91, 0.0001: 0.6}[lr] - length / 1000,
            "train_loss": {0.1: 2.5, 0.01: 0.3, 0.001: 0.1, 0.0001: 0.9}[lr],
        }
        for lr in (0.01, 0.1, 0.0001, 0.001)
        for length in (35, 15, 25, 20)
    ]


def explosions() -> Jobs:
    usual = {"optimizer": "sgd", "loss.reduction": "sum"}
    saturation = {
        "step": np.arange(1, 101, 10),
        "fraction": np.linspace(0, 0.9, 10)[:, None] + WOBBLE,
    }
    kinds = ((False, 1000.0, 100.0, 0.1 + TIGHT), (True, 30.0, 5.0, 0.6))
    return [
        usual
        | {
            "data.fresh": fresh,
            "clip.value": clip,
            "test": test,
            "arrays": {"gradient_norms": norms(peak, clip == "null"), "saturation": saturation},
        }
        for fresh, free, clipped, test in kinds
        for clip, peak in (("null", free), (20, clipped))
    ]


def dials(margin: bool = False) -> Jobs:
    """Three looks, of which the last counts; with `margin` accuracy doesn't move."""
    made = []
    for length in (20, 10):
        for s in (1, 0, 0.5, 0.75):
            flow = np.ones((3, 8, length)) * 0.5
            flow[-1, :, 0] = 10.0 ** (s - 3 + WOBBLE)
            flow[-1, :, -1] = 2.0
            lyapunov = np.stack([np.full(8, 9.0), np.full(8, 7.0), s - 1 + WOBBLE])
            test = 0.5 + TIGHT if margin else 0.3 + 0.5 * s - 0.3 * (s == 1)
            made.append(
                {
                    "model": "srn_skip",
                    "model.skip": s,
                    "data.length": length,
                    "test": test,
                    "dev": test + (0.1 * (s == 0.5)),
                    "arrays": {
                        "gradient_flow": {"norms": flow},
                        "spectrum": {"lyapunov": lyapunov},
                    },
                }
            )
    return made


def spans_at_rates(fresh: bool = False) -> Jobs:
    made = []
    known = (("srn", 10), ("gru", 30), ("lstm", 500), ("irnn", 2))
    for model, scale in known[: 2 if fresh else 4]:
        for heart in [True, False] if fresh else [False]:
            for length in (5, 10, 20, 40, 80):
                for lr, loss in ((0.01, 0.2), (0.001, 0.0)):
                    fall = 1 / (1 + (length / (scale * (1 + heart))) ** 2) - loss
                    one = {"model": model, "lr": lr, "data.length": length, "test": fall}
                    made.append(one | {"dev": fall + 0.01, "data.fresh": heart})
    return made


def kinds() -> Jobs:
    """What `why` compares, of two cells at two lengths."""
    accuracy = {
        "three_sorted": 0.2,
        "three_shuffled": 0.3,
        "thirty": 0.5,
        "fresh": 0.6,
        "fresh_long": 0.7,
    }
    return [
        {
            "model": model,
            "data.length": length,
            "experiment": name,
            "data.fresh": name.startswith("fresh"),
            "test": test - 0.1 * (model == "gru") + 0.05 * (length == 20),
            "dev": test,
            "arrays": {
                "memory": {
                    "accuracy": np.full((2, 4, 8, length), 0.77),
                    "lost": np.stack([np.full(8, 0.93), 0.12 + 0.01 * length / 10 + WOBBLE]),
                }
            },
        }
        for model in ("srn", "gru")
        for length in (20, 10)
        for name, test in accuracy.items()
    ]


def settings() -> Jobs:
    return [
        {"model": model, "init": init, "data.ask": ask, "test": 0.2 + 0.1 * n + 0.3 * m + 0.05 * k}
        for m, model in enumerate(("srn", "gru"))
        for n, init in enumerate(("zeros", "xavier"))
        for k, ask in enumerate(("sum", "first"))
    ]


def budgets() -> Jobs:
    """Two cells sought at two sizes and two numbers of passes, of which one is beyond."""
    made: Jobs = []
    for size in (32, 16):
        for passes in (1000, 500):
            given = {"trainer.max_epochs": passes, "model.hidden_size": size, "lr": 0.003}
            given |= {"data.batch_size": 8}
            low = size * passes // 1000
            for length, test, seed in (
                (low // 2, 0.9, 0),
                (low, 0.7, FRESH),
                (low * 5 // 4, 0.3, FRESH),
            ):
                one = {"model": "gru", "data.length": length, "seed": seed, "test": test}
                made.append(one | given | {"dev": np.full(8, test + 0.02)})
            made.append({"model": "lru", "data.length": 80, "test": 0.9, "dev": 0.92} | given)
    return made


def searched() -> Jobs:
    """Trials of two numbers and a word; the third is best on dev, the last on test."""
    dev, test = (0.3, 0.5, 0.7, 0.6), (0.4, 0.3, 0.5, 0.8)
    given = ((0.1, 5, "zeros"), (0.003, 20, "xavier"), (0.01, 10, "zeros"), (0.03, 40, "xavier"))
    return [
        {"lr": lr, "clip.value": clip, "init": init, "dev": d, "test": t}
        for (lr, clip, init), d, t in zip(given, dev, test, strict=True)
    ]


SWEEPS: dict[str, Jobs] = {
    "cells": cells(),
    "alike": alike(),
    "rates": rates(),
    "explosions": explosions(),
    "dials": dials(),
    "dials_within_the_margin": dials(margin=True),
    "spans": spans_at_rates(),
    "spans_by_heart": spans_at_rates(fresh=True),
    "kinds": kinds(),
    "settings": settings(),
    "budgets": budgets(),
    "searched": searched(),
    "one": [{"test": 0.4}],
}
SEARCHES = {
    "budgets": {"grows": 80, "started": 1.0},
    "searched": {"trials": 5, "started": 1.0},
}


def asked() -> dict[str, list[str]]:
    """Whatever the studies' and searches' YAMLs ask for, by what it gives."""
    found: dict[str, set[str]] = {}
    for path in (REPO / "multirun_sweeps").glob("*/*.yaml"):
        config: Any = OmegaConf.load(path)
        for kind, several in (config.get("report") or {}).items():
            found.setdefault(kind, set()).update(one["_target_"] for one in several)
    base: Any = OmegaConf.load(REPO / "conf" / "report" / "default.yaml")
    for kind, several in base.items():
        found.setdefault(kind, set()).update(one["_target_"] for one in several)
    return {kind: sorted(names) for kind, names in sorted(found.items())}


def of_claim(claim: Claim) -> Iterator[str]:
    yield f"  {claim.name}: {claim.words}{claim.silent and f' ({claim.silent})'}"
    for one in claim.judgements:
        yield f"  {one.part}: {one.verdict.upper()}"
        yield f"    {one.numbers} | {one.test} | {one.aside} | {one.on}"
        threshold, margin = (f"{value:.4g}" for value in (one.forest.threshold, one.forest.margin))
        yield f"    {one.forest.quantity} by {one.forest.axis!r}, from {threshold} by {margin}"
        for row in (*one.forest.rows, *one.beside):
            yield f"      {row.setting}: {row.said(one.forest.signed)}"
        yield from on_figure(forest(one.forest))


def told(found: Sweep) -> Iterator[str]:
    """All that is asked of a sweep, in lines."""
    for kind, names in asked().items():
        for name in names:
            made = get_method(name)(found)
            if not made:
                continue
            yield f"{kind}: {name}"
            if isinstance(made, str):
                yield f"  {made}"
            elif isinstance(made, Claim):
                yield from of_claim(made)
            else:
                for title, one in made.items():
                    yield f"  -- {title}"
                    if isinstance(one, Figure):
                        yield from on_figure(one)
                    else:
                        yield from (f"  {' | '.join(row)}" for row in (one[0], *one[1]))


def lines_of(name: str, folder: Path) -> list[str]:
    usual = {"curves": curves(0.5, 1.0)}
    jobs = [job | {"arrays": usual | job.get("arrays", {})} for job in SWEEPS[name]]
    found = chosen(folder, jobs, **SEARCHES.get(name, {}))
    return [line.rstrip() for said in told(found) for line in said.splitlines()]


@pytest.mark.parametrize("name", SWEEPS)
def test_it_is_as_before(name: str, tmp_path: Path) -> None:
    hold(HERE / f"{name}.txt", lines_of(name, tmp_path / "s"))


if __name__ == "__main__":
    for each in SWEEPS:
        with tempfile.TemporaryDirectory() as place:
            renew(HERE / f"{each}.txt", lines_of(each, Path(place) / "s"))
