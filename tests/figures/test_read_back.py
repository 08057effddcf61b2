"""What figures show, read back from their lines, bars and images and held to the results."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from digitsum.figures.confusion import confusion
from digitsum.figures.curves import curves
from digitsum.figures.flow import flow
from digitsum.figures.gradient_norms import gradient_norms
from digitsum.figures.memory import memory
from digitsum.figures.over_steps import over_steps
from digitsum.figures.spans import Row as SpanRow
from digitsum.figures.spans import spans_figure
from digitsum.figures.style import chance_line, figure, save
from digitsum.questions.asked import asked_at_lengths
from digitsum.questions.dial import skip
from digitsum.questions.explosion import explosion
from digitsum.questions.forest import Forest, Row, forest
from digitsum.questions.losses import losses
from digitsum.questions.search import history
from digitsum.questions.settings import accuracy
from digitsum.questions.span import furthest, memory_spans, span_table
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import told
from digitsum.task.question import PAIR

from ..invented import WOBBLE, chosen


def lines(axes: Axes) -> dict[str, list[float]]:
    """Heights of lines by their labels."""
    named = {str(line.get_label()): line for line in axes.lines}
    return {
        name: np.asarray(line.get_ydata(), float).tolist()
        for name, line in named.items()
        if not name.startswith("_")
    }


def places(axes: Axes, label: str) -> list[float]:
    (found,) = (line for line in axes.lines if line.get_label() == label)
    return np.asarray(found.get_xdata(), float).tolist()


def only(made: dict[str, Figure]) -> Figure:
    (found,) = made.values()
    return found


def grid(folder: Path) -> Sweep:
    """Two cells at three lengths, in no order; dev isn't test."""
    jobs = [
        {"model": model, "data.length": length, "test": test, "dev": test - 0.05}
        for model, row in (("srn", (0.8, 0.5, 0.2)), ("lstm", (0.9, 0.85, 0.7)))
        for length, test in zip((5, 10, 20), row, strict=True)
    ]
    return chosen(folder, jobs[::-1])


def test_accuracy_against_length(tmp_path: Path) -> None:
    test, dev = only(accuracy(grid(tmp_path))).axes
    assert test.get_ylabel() == "test accuracy"
    assert dev.get_ylabel() == "best dev accuracy"
    assert dev.get_xlabel() == "length of the sequence"
    assert places(test, "srn") == [5, 10, 20]
    assert lines(test)["srn"] == pytest.approx([0.8, 0.5, 0.2])
    assert lines(test)["lstm"] == pytest.approx([0.9, 0.85, 0.7])
    assert lines(dev)["srn"] == pytest.approx([0.75, 0.45, 0.15])
    dots = np.concatenate([one.get_offsets() for one in test.collections if len(one.get_offsets())])
    heights = np.concatenate([mean + WOBBLE for mean in (0.8, 0.5, 0.2, 0.9, 0.85, 0.7)])
    seen = np.asarray(dots)[:, 1]
    assert set(np.round(heights, 6)) <= set(np.round(seen, 6))
    bands = [
        one
        for one in test.collections
        if type(one).__name__ in ("FillBetweenPolyCollection", "PolyCollection")
    ]
    ends = np.concatenate([path.vertices[:, 1] for one in bands for path in one.get_paths()])
    assert ends.min() == pytest.approx(0.2 - 0.0159, abs=0.003)


def test_losses_over_a_training(tmp_path: Path) -> None:
    step = np.arange(100, 600, 100)
    arrays = {
        "curves": {
            "step": step,
            "train_loss": np.tile(np.linspace(2, 1, 5)[:, None], (1, 8)),
            "dev_loss": np.tile(np.linspace(3, 2.5, 5)[:, None], (1, 8)),
        }
    }
    jobs = [{"data.length": n, "arrays": arrays} for n in (10, 5)]
    made = only(losses(chosen(tmp_path, jobs)))
    shown = [axes for axes in made.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == ["length 5", "length 10"]
    assert lines(shown[0])["srn, train"] == pytest.approx([2, 1.75, 1.5, 1.25, 1])
    assert lines(shown[0])["srn, dev"] == pytest.approx([3, 2.875, 2.75, 2.625, 2.5])
    assert places(shown[0], "srn, dev") == step.tolist()
    assert shown[0].get_yscale() == "log"


def test_spans_are_bars_on_a_log_axis(tmp_path: Path) -> None:
    jobs = [
        {"model": model, "data.length": n, "lr": 0.001, "test": test, "dev": test}
        for model, row in (("srn", (0.9, 0.7, 0.3, 0.1)), ("gru", (0.9, 0.9, 0.9, 0.9)))
        for n, test in zip((5, 10, 20, 40), row, strict=True)
    ]
    left, *panels = only(memory_spans(chosen(tmp_path, jobs))).axes
    names = [text.get_text() for text in left.get_yticklabels()]
    points = [line for line in left.lines if line.get_marker() == "o"]
    found = {
        names[round(float(p.get_ydata()[0]))]: float(p.get_xdata()[0])  # type: ignore[index]
        for p in points
    }
    assert found["srn"] == pytest.approx(10 * 2**0.5)
    assert found["gru"] == pytest.approx(40 * 1.25)  # beyond: at the axis's end
    assert left.get_xscale() == "log"
    assert lines(panels[0])["srn"] == pytest.approx([0.9, 0.7, 0.3, 0.1])


def test_what_is_learnt_by_heart_is_a_pale_mark_beside_fresh(tmp_path: Path) -> None:
    """By hand: fresh falls from 0.7 at 10 to 0.3 at 20; by heart from 0.7 at 20 to 0.3 at 40."""
    curves = {True: (0.9, 0.7, 0.3, 0.1), False: (0.9, 0.8, 0.7, 0.3)}
    jobs = [
        {"model": model, "data.fresh": fresh, "data.length": n, "test": test, "dev": test}
        for model in ("srn", "gru")
        for fresh, row in curves.items()
        for n, test in zip((5, 10, 20, 40), row, strict=True)
    ]
    found = chosen(tmp_path, jobs)
    left, *_ = only(memory_spans(found)).axes
    assert sorted(text.get_text() for text in left.get_yticklabels()) == ["gru", "srn"]
    strong = {
        round(float(line.get_ydata()[0]), 2): (float(line.get_xdata()[0]), line.get_alpha())  # type: ignore[index]
        for line in left.lines
        if line.get_marker() == "o"
    }
    assert strong.keys() == {0, 0.22, 1, 1.22}
    for place, (span, alpha) in strong.items():
        fresh = place in (0, 1)
        assert span == pytest.approx(200**0.5 if fresh else 800**0.5)
        assert (alpha is None) == fresh
    ((head, rows),) = span_table(found).values()
    assert head[:4] == ["cell", "span [95 %]", "above the next", "span by heart"]
    assert {row[0] for row in rows} == {"gru", "srn"}
    assert all((row[1][:4], row[3][:2]) == ("14.1", "28") for row in rows)
    assert "rate: srn / gru 14.1 [" in furthest(found)
    assert "28" not in furthest(found)


def test_the_dial_has_a_panel_a_measure(tmp_path: Path) -> None:
    norms = np.ones((2, 8, 20))
    norms[-1, :, 0] = 1e-3  # at the last look; at the first there was no fading
    jobs = [
        {
            "model": "srn_skip",
            "model.skip": s,
            "data.length": 20,
            "test": test,
            "arrays": {
                "gradient_flow": {"norms": norms},
                "spectrum": {"lyapunov": np.full((2, 8), s)},
            },
        }
        for s, test in ((1, 0.9), (0, 0.3), (0.5, 0.6))
    ]
    first, second, third = only(skip(chosen(tmp_path, jobs))).axes[:3]
    assert lines(first)["length 20"] == pytest.approx([0.3, 0.6, 0.9])
    assert lines(second)["length 20"] == pytest.approx([-3, -3, -3])
    assert lines(third)["length 20"] == pytest.approx([0, 0.5, 1])
    assert [text.get_text() for text in first.get_xticklabels()] == ["0", "0.5", "1"]


def test_an_explosion_is_the_gradient_of_each(tmp_path: Path) -> None:
    before = np.empty((60, 3, 8))
    before[:, 0], before[:, 1], before[:, 2] = 1.0, 100.0, 10.0
    before[50:] *= 1e-3
    norms = {"step": np.arange(1, 61), "names": np.array(["W", "U", "b"]), "before": before}
    saturation = {"step": np.arange(1, 61, 10), "fraction": np.tile(np.arange(6)[:, None] / 10, 8)}
    arrays = {"gradient_norms": norms, "saturation": saturation}
    jobs = [{"clip.value": value, "arrays": arrays} for value in ("null", 20)]
    axes = only(explosion(chosen(tmp_path, jobs))).axes
    assert [one.get_title() for one in axes[:2]] == ["unclipped", "clipped at 20"]
    assert len(lines(axes[0])["gradient of U"]) == 40
    assert set(lines(axes[0])["gradient of U"]) == {100.0}
    assert set(lines(axes[0])["gradient of b"]) == {10.0}
    assert lines(axes[2])["saturated"] == pytest.approx(np.arange(6) / 10)
    assert lines(axes[4])["gradient of W"][-1] == pytest.approx(1e-3)


def test_a_search_keeps_its_best_and_shows_dev(tmp_path: Path) -> None:
    jobs = [{"lr": lr, "dev": dev, "test": 0.99} for lr, dev in ((0.1, 0.4), (1, 0.7), (10, 0.2))]
    found = chosen(tmp_path, jobs)
    searched = Sweep(found.folder, None, found.jobs, found.varied, trials=3)
    trials, rates = only(history(searched)).axes
    assert lines(trials)["best so far"] == pytest.approx([0.4, 0.7, 0.7])
    marks = [line for line in rates.lines if line.get_marker() == "o"]
    assert marks[0].get_xdata().tolist() == [0.1, 1, 10]  # type: ignore[union-attr]
    assert marks[0].get_ydata().tolist() == pytest.approx([0.4, 0.7, 0.2])  # type: ignore[union-attr]
    assert rates.get_xscale() == "log"


def test_a_forest_has_its_rows_from_the_top_and_fills_what_is_clear() -> None:
    rows = [Row("5", 0.3, 0.2, 0.4), Row("10", -0.1, -0.2, 0.1)]
    (axes,) = forest(Forest("difference", rows)).axes
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [float(p.get_xdata()[0]) for p in points] == [0.3, -0.1]  # type: ignore[index]
    assert [p.get_markerfacecolor() == p.get_color() for p in points] == [True, False]
    assert axes.yaxis_inverted()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["5", "10"]
    spans = [line.get_xdata().tolist() for line in axes.lines if line.get_linewidth() == 2.4]  # type: ignore[union-attr]
    assert spans == [[0.2, 0.4], [-0.2, 0.1]]


def test_a_forest_shows_what_is_too_small_to_matter() -> None:
    rows = [Row("5", 0.005, -0.01, 0.015)]
    (axes,) = forest(Forest("difference", rows, threshold=0.8, margin=0.02)).axes
    (band,) = axes.patches
    ends = band.get_extents().transformed(axes.transData.inverted())
    assert (ends.x0, ends.x1) == pytest.approx((0.78, 0.82))
    assert not forest(Forest("loss", rows)).axes[0].patches


def test_networks_asked_elsewhere_are_trained_down_and_asked_across() -> None:
    cells = {("gru", 5, 5): 0.9, ("gru", 5, 20): 0.2, ("gru", 10, 5): 0.7, ("gru", 10, 20): 0.4}
    axes = asked_at_lengths(cells, "test", "0.10 (always 9)").axes[0]
    shown = np.asarray(axes.images[0].get_array())
    assert shown.tolist() == [[0.9, 0.2], [0.7, 0.4]]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["5", "20"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["5", "10"]
    assert axes.images[0].origin == "lower"


def test_what_they_are_is_a_name_or_a_key_with_its_number(tmp_path: Path) -> None:
    (job,) = chosen(tmp_path, [{"model": "gru", "lr": 0.1, "clip.value": "null"}]).jobs
    said = [told(key, job.settings[key]) for key in ("model", "lr", "clip.value")]
    assert said == ["gru", "lr=0.1", "clip.value=null"]


def test_a_figures_files_say_nothing_of_when_and_by_what(tmp_path: Path) -> None:
    """The same figure is the same file, whatever the day."""
    made = figure()
    made.subplots().plot([1, 2])
    assert save(made, tmp_path / "a" / "one") == tmp_path / "a" / "one.png"
    with Image.open(tmp_path / "a" / "one.png") as picture:
        assert picture.info.keys() <= {"dpi"}
        assert picture.size == (1024, 640)  # 6.4 x 4 inches at 160 dots
    text = (tmp_path / "a" / "one.pdf").read_bytes()
    assert b"CreationDate" not in text
    assert b"Producer" not in text


def test_confusion_is_true_down_and_answered_across() -> None:
    counts = np.zeros((2, 19, 19), int)
    counts[0, 3, 4], counts[0, 3, 3] = 3, 1
    counts[1, 3, 3] = 4
    axes = confusion(counts, "x").axes[0]
    shown = np.asarray(axes.images[0].get_array())
    assert shown[3, 4] == pytest.approx(0.375)  # the mean of 3/4 and 0
    assert shown[3, 3] == pytest.approx(0.625)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("answer", "true sum")
    many = confusion(np.zeros((1, 100, 100), int), "x", PAIR).axes[0]
    assert [text.get_text() for text in many.get_xticklabels()][:2] == ["0 0", "1 0"]


def test_curves_of_a_run() -> None:
    step = np.array([10, 20])
    arrays = {"step": step}
    for number, name in enumerate(("train_loss", "dev_loss", "train_accuracy", "dev_accuracy"), 1):
        arrays[name] = np.full((2, 3), float(number)) / 10 + np.array([[0.0], [0.01]])
    loss, right = curves(arrays, "x", chance=0.25).axes
    for axes, low in ((loss, 0.1), (right, 0.3)):
        assert lines(axes)["train"] == pytest.approx([low, low + 0.01])
        assert lines(axes)["dev"] == pytest.approx([low + 0.1, low + 0.11])
    dotted = [line.get_ydata()[0] for line in right.lines if len(set(line.get_ydata())) == 1]  # type: ignore[arg-type,index]
    assert 0.25 in dotted
    assert "chance\n0.25" in [text.get_text() for text in right.texts]


def test_flow_is_time_up_and_steps_across() -> None:
    norms = np.ones((3, 4, 6))
    norms[1, :, 2] = 0.01
    horizon = np.full((3, 4), 5.0)
    horizon[1] = 3
    left, right, *_ = flow(np.array([1, 11, 21]), norms, horizon).axes
    shown = np.asarray(left.collections[0].get_array()).reshape(6, 3)
    assert shown[2, 1] == pytest.approx(0.01)
    assert (np.delete(shown.ravel(), 2 * 3 + 1) == 1).all()
    (line,) = (one for one in right.lines if len(one.get_xdata()) == 3)  # type: ignore[arg-type]
    assert np.asarray(line.get_ydata()).tolist() == [5, 3, 5]


def test_norms_before_and_after_clipping() -> None:
    arrays = {
        "step": np.arange(1, 6),
        "names": np.array(["W", "U"]),
        "before": np.tile(np.array([2.0, 8.0])[None, :, None], (5, 1, 3)),
        "after": np.tile(np.array([1.0, 4.0])[None, :, None], (5, 1, 3)),
    }
    first, second = gradient_norms(arrays, 20.0).axes
    assert first.get_title() == "gradient of W"
    assert lines(first) == {"before clipping": [2.0] * 5, "after clipping": [1.0] * 5}
    assert lines(second) == {"before clipping": [8.0] * 5, "after clipping": [4.0] * 5}
    assert lines(gradient_norms(arrays, None).axes[0]) == {"before clipping": [2.0] * 5}


def test_memory_over_time() -> None:
    accuracy_of: Any = np.stack([np.tile(np.linspace(a, a - 0.2, 5), (3, 1)) for a in (0.9, 0.7)])
    (axes,) = memory(accuracy_of, ["n1", "n2"]).axes
    assert lines(axes)["n1"] == pytest.approx([0.9, 0.85, 0.8, 0.75, 0.7])
    assert lines(axes)["n2"] == pytest.approx([0.7, 0.65, 0.6, 0.55, 0.5])
    assert places(axes, "n1") == [1, 2, 3, 4, 5]


def test_measures_over_steps_and_where_chance_is() -> None:
    step = np.array([1, 2, 3])
    values = {"a": np.array([[1.0, 3], [2, 4], [3, 5]]), "b": np.zeros((3, 2))}
    first, second = over_steps(step, values, "x", zero=0.5).axes
    assert lines(first)["a"] == [2, 3, 4]
    assert lines(second)["b"] == [0, 0, 0]
    axes = figure().subplots()
    chance_line(axes, 0.01)
    assert axes.lines[0].get_ydata()[0] == 0.01  # type: ignore[index]
    assert axes.texts[0].get_text() == "chance\n0.01"


@pytest.mark.parametrize("name", ["lru", "srn_orthogonal, hidden_size=32, max_epochs=1000"])
def test_the_lengths_beside_names_can_be_read(name: str) -> None:
    """However long the names are, labels of an axis don't lie over each other."""
    lengths = np.array([5, 10, 20, 40, 80, 160, 320])
    each = [np.full(8, 0.9)] * len(lengths)
    made = spans_figure([SpanRow(name, "> 320", (1, 1, 1), None, lengths, each)] * 6)
    made.draw_without_rendering()
    for axes in made.axes:
        labels = [one for one in axes.get_xticklabels() if one.get_text()]
        assert len(labels) in (0, 4, 7)
        boxes = [one.get_window_extent() for one in labels]
        assert all(one.x1 < other.x0 for one, other in pairwise(boxes))
