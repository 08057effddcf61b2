"""What any sweep shows: dots beside each other, at their settings; the best on dev, in words."""

from pathlib import Path

import numpy as np
import pytest

from digitsum.questions.settings import accuracy, best_setting, side_by_side

from ..invented import WOBBLE, chosen

SMALL = 10**0.0175  # of a logarithmic axis, half of what parts the dots of two lines


@pytest.mark.parametrize(
    ("key", "values", "places", "scale"),
    [
        ("lr", (0.1, 0.01), ((0.01 / SMALL, 0.1 / SMALL), (0.01 * SMALL, 0.1 * SMALL)), "log"),
        ("data.length", (20, 5), ((4.825, 19.825), (5.175, 20.175)), "linear"),
    ],
)
def test_dots_of_two_lines_stand_side_by_side(
    key: str,
    values: tuple[float, float],
    places: tuple[tuple[float, float], tuple[float, float]],
    scale: str,
    tmp_path: Path,
) -> None:
    tested = {("gru", values[0]): 0.9, ("gru", values[1]): 0.8}
    tested |= {("srn", values[0]): 0.7, ("srn", values[1]): 0.6}
    jobs = [{"model": m, key: v, "test": t, "dev": t / 2} for (m, v), t in tested.items()]
    made = accuracy(chosen(tmp_path, jobs))["accuracy"]
    axes = made.axes[0]
    assert axes.get_xscale() == scale
    handles, labels = axes.get_legend_handles_labels()
    assert labels == ["gru", "srn"]
    for model, dots, line, at in zip(labels, axes.collections[::2], handles, places, strict=True):
        lower, upper = (tested[model, value] for value in sorted(values))
        x, y = np.asarray(dots.get_offsets()).T
        assert x.tolist() == pytest.approx(np.repeat(at, 8).tolist())
        assert y.tolist() == pytest.approx([*(lower + WOBBLE), *(upper + WOBBLE)])
        assert line.get_xdata().tolist() == sorted(values)  # type: ignore[attr-defined]
        assert line.get_ydata().tolist() == pytest.approx([lower, upper])  # type: ignore[attr-defined]


def test_two_settings_have_a_best_and_one_has_none(tmp_path: Path) -> None:
    two = [{"lr": 0.1, "dev": 0.3, "test": 0.9}, {"lr": 0.01, "dev": 0.6, "test": 0.2}]
    words = best_setting(chosen(tmp_path / "two", two))
    assert words.startswith("Best on dev is lr=0.01, with test accuracy 0.200 [")
    assert "; worst is lr=0.1, with 0.900 [" in words
    assert best_setting(chosen(tmp_path / "one", two[:1])) == ""
    # Nor have two that differ in nothing.
    assert best_setting(chosen(tmp_path / "same", [two[0] | {"seed": at} for at in (0, 8)])) == ""


def test_one_setting_that_varies_is_across(tmp_path: Path) -> None:
    jobs = [
        {"model": "srn", "data.length": 5, "clip.value": "null", "test": 0.5},
        {"model": "srn", "data.length": 5, "clip.value": 20.0, "test": 0.75},
        {"model": "gru", "data.length": 10, "clip.value": 20.0, "test": 0.25},
    ]
    ((title, (head, body)),) = side_by_side(chosen(tmp_path, jobs)).items()
    assert title == "Test accuracy by clip.value"
    assert head[:2] == ["cell", "length"]
    assert [[row[0], row[1], *(one[:5] for one in row[2:])] for row in body] == [
        ["srn", "5", "0.500", "0.750"],
        ["gru", "10", "-", "0.250"],
    ]
