"""A sweep's networks asked at other lengths: what is made of their answers, worked out by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from digitsum.errors import UserError
from digitsum.questions import asked
from digitsum.questions.asked import Asked, asked_at_lengths
from digitsum.statistics import Summary

from ..invented import chosen


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """Runs of two replicas, of four examples: at length n the first has n right and the second one
    fewer; a run whose folder ends in 9 can't be read. -> what was asked of them.
    """
    found: list[tuple[str, str, int]] = []

    def load(folder: Path) -> Any:
        if folder.name.endswith("9"):
            raise UserError(f"{folder.name} is torn")
        return SimpleNamespace(classifier=folder.name)

    def examples(run: Any, split: str, length: int) -> Any:
        found.append((run.classifier, split, length))
        return SimpleNamespace(batch=SimpleNamespace(labels=torch.full((2, 4), length)))

    def predictions(_: str, batch: Any) -> torch.Tensor:
        length = int(batch.labels[0, 0])
        right = torch.arange(4) < torch.tensor([[length], [length - 1]])
        return torch.where(right, batch.labels, -1)

    for name, one in {"load": load, "examples": examples, "predictions": predictions}.items():
        monkeypatch.setattr(asked, name, one)
    return found


def test_replicas_of_all_shards_are_asked_at_every_length(
    tmp_path: Path, answering: list[tuple[str, str, int]]
) -> None:
    jobs = [{"model": "gru", "data.length": 3, "seed": seed} for seed in (0, 8)]
    found = chosen(tmp_path, [*jobs, {"model": "lstm", "data.length": 3}])
    first, second = (asked._ask(job, found, "dev", [3, 2]) for job in found.complete)
    assert [(one.setting, one.trained, one.asked) for one in first] == [
        ("gru", 3, 3),
        ("gru", 3, 2),
    ]
    assert [(one.accuracy.mean, one.accuracy.replicas) for one in first] == [(0.625, 4), (0.375, 4)]
    assert [(one.accuracy.min, one.accuracy.max) for one in second] == [(0.5, 0.75), (0.25, 0.5)]
    assert answering == [
        *(("0", "dev", 3), ("1", "dev", 3), ("0", "dev", 2), ("1", "dev", 2)),
        *(("2", "dev", 3), ("2", "dev", 2)),
    ]


def test_where_length_alone_varies_its_cell_is_the_setting(
    tmp_path: Path, answering: list[tuple[str, str, int]]
) -> None:
    found = chosen(tmp_path, [{"model": "gru", "data.length": n} for n in (3, 4)])
    made = [asked._ask(job, found, "test", [4])[0] for job in found.complete]
    assert [(one.setting, one.trained, one.accuracy.mean) for one in made] == [
        ("gru", 3, 0.875),
        ("gru", 4, 0.875),
    ]
    other = chosen(tmp_path / "o", [{"lr": lr, "data.length": 3} for lr in (0.1, 0.01)])
    settings = [asked._ask(job, other, "test", [4])[0].setting for job in other.complete]
    assert settings == ["lr=0.1", "lr=0.01"]


def test_what_can_be_asked_is_written_and_what_not_is_told(
    tmp_path: Path, answering: list[tuple[str, str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = [{"model": f"m{number}", "data.length": 3} for number in range(10)]
    chosen(tmp_path, jobs)
    asked.ask(tmp_path, "dev", [3, 4])
    out = capsys.readouterr().out
    assert out.startswith("left out: 9 is torn\n")
    assert "18 means over replicas; accuracy by chance is 0.10 (always 9)\n" in out
    for kind, name in (("Table ", "csv"), ("Figure", "png")):
        assert f"{kind}   {tmp_path / f'asked_dev.{name}'}\n" in out
        assert (tmp_path / f"asked_dev.{name}").stat().st_size > 0
    assert (tmp_path / "asked_dev.pdf").exists()
    rows = (tmp_path / "asked_dev.csv").read_text().splitlines()
    assert rows[0] == "setting,trained_at,asked_at,mean,low,high,min,max,replicas"
    assert rows[1].startswith("m0,3,3,0.625,")
    assert rows[1].endswith(",0.5,0.75,2")
    assert rows[2].startswith("m0,3,4,0.875,")
    assert len(rows) == 1 + 18


def test_nothing_can_be_asked(tmp_path: Path, answering: list[tuple[str, str, int]]) -> None:
    chosen(tmp_path / "none", [{"result": {"status": "failed"}}])
    with pytest.raises(UserError, match=r"no job is complete yet$"):
        asked.ask(tmp_path / "none", "dev", [3])
    chosen(tmp_path / "torn", [{}])
    (tmp_path / "torn" / "0").rename(tmp_path / "torn" / "9")
    path = tmp_path / "torn" / "sweep.json"
    path.write_text(path.read_text().replace('"folder": "0"', '"folder": "9"'))
    with pytest.raises(UserError, match=r"no job of it can be asked$"):
        asked.ask(tmp_path / "torn", "dev", [3])
    assert not list((tmp_path / "torn").glob("asked*"))


def _means(*cells: tuple[int, int, float]) -> list[Asked]:
    nan = float("nan")
    return [Asked("s", t, a, Summary(mean, nan, nan, mean, mean, 1)) for t, a, mean in cells]


def test_a_table_has_trained_down_and_asked_across() -> None:
    made = asked._table(_means((10, 20, 0.25), (5, 5, 0.5), (10, 5, 0.75)), "gru", "dev")
    assert made.title == "gru: dev accuracy, asked at length"
    assert [str(column.header) for column in made.columns] == ["trained at", "5", "20"]
    assert [[*column.cells] for column in made.columns] == [
        ["5", "10"],
        ["0.500", "0.750"],
        ["-", "0.250"],
    ]


def test_a_map_has_a_panel_a_setting_and_blanks_where_nobody_was_asked() -> None:
    cells = {(f"m{n}", trained, 5): 0.1 * n for n in range(6) for trained in (20, 10)}
    cells |= {("m0", 10, 40): 0.55, ("m1", 10, 40): 0.56}
    made = asked_at_lengths(cells, "dev", "0.10 (always 9)")
    panels, bar = made.axes[:8], made.axes[8]
    assert [axes.get_visible() for axes in panels] == [True] * 6 + [False] * 2
    assert [axes.get_title() for axes in panels[:6]] == [f"m{n}" for n in range(6)]
    for number, axes in enumerate(panels[:6]):
        (image,) = axes.images
        shown = np.asarray(np.ma.filled(image.get_array(), np.nan))
        further = {0: 0.55, 1: 0.56}.get(number, np.nan)
        np.testing.assert_allclose(shown, [[0.1 * number, further], [0.1 * number, np.nan]])
        assert image.get_clim() == (0, 1)
        written = {text.get_position(): text.get_text() for text in axes.texts}
        known = {(0, 0): f"{0.1 * number:.2f}", (0, 1): f"{0.1 * number:.2f}"}
        assert written == known | ({(1, 0): f"{further:.2f}"} if number < 2 else {})
    # Dark on what is light: above 0.55.
    colours = [[text.get_color() for text in axes.texts] for axes in panels[:2]]
    assert colours == [["white"] * 3, ["white", "black", "white"]]
    assert bar.get_ylabel() == "accuracy"
    assert [label.get_text() for label in panels[4].get_yticklabels()] == ["10", "20"]
    assert [label.get_text() for label in panels[4].get_xticklabels()] == ["5", "40"]
    texts = {text.get_text() for text in made.texts}
    assert {"asked at length", "trained at length"} <= texts
    assert "dev accuracy, mean over replicas (intervals: CSV); by chance 0.10 (always 9)" in texts
