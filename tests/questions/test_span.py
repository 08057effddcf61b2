"""Memory spans and the dial, from curves that we choose."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitsum.questions.dial import best_skips, skip_remembers
from digitsum.questions.span import crossing, falling, said, spans
from digitsum.sweeps.collected import collect

from ..invented import sweep

LENGTHS = (5, 10, 20, 40)


def test_a_falling_curve_by_hand() -> None:
    assert falling(np.array([0.9, 0.5, 0.7, 0.1])) == pytest.approx([0.9, 0.6, 0.6, 0.1])
    assert falling(np.array([0.1, 0.2, 0.3])) == pytest.approx([0.2, 0.2, 0.2])


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_a_fit_never_rises_keeps_the_mean_and_is_the_nearest(values: list[float]) -> None:
    curve = np.array(values)
    fitted = falling(curve)
    assert (np.diff(fitted) <= 1e-12).all()
    assert fitted.mean() == pytest.approx(curve.mean(), abs=1e-9)
    # No other falling curve is nearer: among them the sorted values, and the mean.
    for other in (np.sort(curve)[::-1], np.full_like(curve, curve.mean())):
        assert ((fitted - curve) ** 2).sum() <= ((other - curve) ** 2).sum() + 1e-9


@pytest.mark.parametrize(
    ("curve", "span"),
    [
        ([0.9, 0.75, 0.25, 0.1], 10 * 2**0.5),  # half way from 10 to 20 on a log axis
        ([0.9, 0.5, 0.4, 0.1], 10.0),
        ([0.4, 0.3, 0.2, 0.1], 0.0),
        ([0.9, 0.9, 0.8, 0.6], np.inf),
    ],
)
def test_where_one_half_is_crossed(curve: list[float], span: float) -> None:
    assert crossing(np.array(LENGTHS), np.array(curve)) == pytest.approx(span)


def test_the_learning_rate_is_chosen_on_dev_and_judged_on_test(tmp_path: Path) -> None:
    jobs = []
    for length, accuracy in zip(LENGTHS, (0.9, 0.75, 0.25, 0.1), strict=True):
        jobs += [
            {"data.length": length, "lr": 0.001, "dev": accuracy, "test": accuracy},
            # Better on test alone: whoever chose by that would see a longer span.
            {"data.length": length, "lr": 0.01, "dev": accuracy - 0.1, "test": 0.95},
            {"data.length": length, "model": "gru", "dev": 0.9, "test": 0.9},
        ]
    sweep(tmp_path, jobs)
    found = spans(collect(tmp_path))
    assert [one.model for one in found] == ["gru", "srn"]
    assert said(found[0]) == "> 40"
    assert found[1].lr == [0.001] * 4
    assert found[1].span == pytest.approx(10 * 2**0.5, rel=0.01)
    assert found[1].low < found[1].span < found[1].high


def test_the_dial_is_judged(tmp_path: Path) -> None:
    jobs = [
        {"model": "srn_skip", "data.length": n, "model.skip": s, "dev": 0.3 + s / 2, "test": s / 2}
        for n in (5, 10)
        for s in (0, 0.5, 1)
    ]
    sweep(tmp_path, jobs)
    found = collect(tmp_path)
    (judged,) = skip_remembers(found).judgements
    assert judged.verdict == "confirmed"
    assert "5: +0.500" in judged.numbers
    ((_, rows),) = best_skips(found).values()
    assert [row[:3] for row in rows] == [["5", "1", "1 - 1"], ["10", "1", "1 - 1"]]
