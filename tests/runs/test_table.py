"""The table that ends a run, word by word; and as rows, for loggers."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from digitsum.runs.results import MEASURES, summary
from digitsum.runs.run import _replicas
from digitsum.runs.table import HEAD, cells, markdown, number, show_run, spread


def result(replicas: int, diverged: tuple[int, ...] = ()) -> dict[str, Any]:
    """Of one measure each replica has its own value, of the next one a tenth more."""
    told = [
        {"seed": 5 + i, "diverged_at": 300 if i in diverged else None}
        | {measure: 0.25 * i + 0.1 * place for place, measure in enumerate(MEASURES)}
        for i in range(replicas)
    ]
    return {"replicas": told, "summary": summary(told), "chance": 0.1, "seconds": 12.6}


def plain(lines: list[str]) -> str:
    """Without a table's lines."""
    return "\n".join(" ".join(line.replace("│", " ").split()) for line in lines)


def shown(
    capsys: pytest.CaptureFixture[str], made: dict[str, Any], quiet: str | None = None
) -> list[str]:
    show_run(made, Path("o"), [Path("o/a.png"), Path("o/b.png")], quiet, ["x", "", "y"], "z")
    return capsys.readouterr().out.splitlines()


def test_of_several_replicas(capsys: pytest.CaptureFixture[str]) -> None:
    made = result(2, diverged=(1,))
    made["summary"]["final_dev_loss"] |= {"mean": math.nan, "low": math.inf}
    lines = shown(capsys, made)
    assert lines[0].strip() == "2 replicas, accuracy by chance 0.10"
    told = plain(lines)
    assert "mean [95 % interval]" in told
    assert "test accuracy 0.125 [0.000, 0.250] 0.000 0.250\n" in told
    assert "best dev accuracy 0.225 [0.100, 0.350] 0.100 0.350\n" in told
    assert "final train loss 0.325 [0.200, 0.450] 0.200 0.450\n" in told
    assert "final dev loss - [-, 0.550] 0.300 0.550\n" in told
    assert lines[-7:] == [
        "Diverged, kept at its best weights: seed 6",
        "Results  o",
        f"Figure   {Path('o/a.png')}",
        f"Figure   {Path('o/b.png')}",
        "Browse   x",
        "Browse   y",
        "Next     z",
    ]


def test_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, result(1))
    assert lines[0].strip() == "1 replica, accuracy by chance 0.10"
    told = plain(lines)
    assert "final dev loss 0.300\n" in told
    assert "mean" not in told
    assert "max" not in told
    # No head above one column: a title, two edges, a row a measure.
    assert lines.index("Results  o") == 1 + 2 + len(MEASURES) + 1
    assert "One replica has no interval; replicas=16 has one, and takes little longer." in lines
    assert "Diverged" not in told


def test_a_replica_that_diverged_at_once_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    made = result(2)
    made["replicas"][0]["diverged_at"] = 0
    assert "Diverged, kept at its best weights: seed 5" in shown(capsys, made)


def test_a_replicas_row_is_its_own() -> None:
    """Of two replicas: the last losses, accuracies to six digits, and nothing where nothing was."""
    rows = {"train_loss": [[9.0, 9.0], [0.5, 0.25]], "dev_loss": [[8.0, 8.0], [1.5, 1.25]]}
    module: Any = SimpleNamespace(
        curves=SimpleNamespace(rows={name: torch.tensor(one) for name, one in rows.items()}),
        measured={"test": torch.tensor([0.1234567, 0.75], dtype=torch.float64)},
        diverged_step=torch.tensor([-1, 0]),
        best_accuracy=torch.tensor([0.7654321, -1.0], dtype=torch.float64),
        best_step=torch.tensor([300, -1]),
    )
    data: Any = SimpleNamespace(seen_in_train={"dev": [1, 2], "test": [3, 4]}.__getitem__)
    first = [0.123457, 0.765432, 300, 0.5, 1.5, None, 1, 3]
    second = [0.75, None, -1, 0.25, 1.25, 0, 2, 4]
    found = _replicas(module, data, seed=7)
    assert [list(one.values()) for one in found] == [[7, *first], [8, *second]]
    assert [*found[0]][:4] == ["seed", "test_accuracy", "best_dev_accuracy", "best_step"]


def test_of_a_job_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, result(2), "test_accuracy") == [
        "    test accuracy 0.125 [0.000, 0.250], 13 s"
    ]


def test_what_is_not_known_is_a_dash() -> None:
    assert [number(one) for one in (None, math.nan, -math.inf, 0.0, 0.12345)] == [
        *("-", "-", "-", "0.000", "0.123")
    ]
    assert spread({"mean": 0.5, "low": 0.25, "high": 1.0, "replicas": 2}) == "0.500 [0.250, 1.000]"
    assert spread({"mean": 0.5, "low": math.nan, "high": math.nan, "replicas": 1}) == "0.500"


def test_as_rows_and_as_markdown() -> None:
    found = summary(result(2)["replicas"])
    found["final_dev_loss"]["mean"] = math.nan
    head, body = cells(found)
    assert head == HEAD == ["measure", "mean", "low", "high", "min", "max", "replicas"]
    assert body[0] == ["test_accuracy", 0.125, 0.0, 0.25, 0.0, 0.25, 2]
    assert body[-1][:3] == ["final_dev_loss", None, pytest.approx(0.3)]
    lines = markdown(found).splitlines()
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|") == 6
    assert lines[2] == "| test accuracy | 0.125 | 0.000 - 0.250 | 0.000 | 0.250 |"
    assert lines[-1] == "| final dev loss | - | 0.300 - 0.550 | 0.300 | 0.550 |"
    assert len(lines) == 2 + len(MEASURES)
