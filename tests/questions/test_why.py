"""Why answers are wrong: the parts of invented sweeps, worked out by hand; claims on both kinds of
examples.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitsum.questions.curves import AS_MADE, FRESH, by_length, trained_on
from digitsum.questions.forgetting import plain_srn_forgets
from digitsum.questions.settings import side_by_side
from digitsum.questions.turning import accuracy_turns
from digitsum.questions.why import REASONS, mostly, parts, reasons, why
from digitsum.sweeps.collected import Sweep

from ..invented import WOBBLE, chosen


def sweep(folder: Path, jobs: list[dict[str, Any]]) -> Sweep:
    """Jobs from their settings and their mean `test` accuracy; `lost` is the probe's."""
    made = []
    for job in jobs:
        one = {key: value for key, value in job.items() if key not in ("lost", "chance")}
        if "lost" in job:
            # Two looks, of which the last counts; what each digit is read with is another matter.
            lost = np.stack([np.full(8, 0.93), job["lost"] + WOBBLE])
            accuracy = np.full((2, 4, 8, job["data.length"]), 0.77)
            one["arrays"] = {"memory": {"accuracy": accuracy, "lost": lost}}
        if "chance" in job:
            by_chance = f"{job['chance']:.2f} (always 0)"
            one["result"] = {"chance": job["chance"], "by_chance": by_chance}
        made.append(one)
    return chosen(folder, made)


ACCURACY = {
    "three_sorted": 0.2,
    "three_shuffled": 0.3,
    "thirty": 0.5,
    "fresh": 0.6,
    "fresh_long": 0.7,
}


def trained(length: int, lost: float = 0.25) -> list[dict[str, Any]]:
    """One cell at one length under each condition; the probe saw all, the last alone counts."""
    return [
        {"data.length": length, "experiment": name, "test": mean}
        | {"lost": lost if name == "fresh_long" else 0.6}
        for name, mean in ACCURACY.items()
    ]


def test_the_parts_by_hand(tmp_path: Path) -> None:
    (one,) = reasons(sweep(tmp_path, trained(10)))
    assert (one.model, one.length) == ("srn", 10)
    means = {name: getattr(one, name).mean for name in ("right", "order", *REASONS)}
    assert means == pytest.approx(
        {
            "right": 0.3,
            "order": 0.1,  # 0.3 - 0.2
            "by_heart": 0.3,  # 0.6 - 0.3
            "not_yet": 0.1,  # 0.7 - 0.6
            "not_kept": 0.25,
            "not_added": 0.05,  # 1 - 0.7 - 0.25
        }
    )
    assert one.right.mean + sum(means[name] for name in REASONS) == pytest.approx(1)


def test_parts_below_zero_stay_what_they_are(tmp_path: Path) -> None:
    """A network that learns only by heart, and later learns; the probe's examples are others."""
    jobs = trained(10, lost=0.15)
    for job, mean in zip(jobs, (0.6, 0.7, 0.4, 0.1, 0.9), strict=True):
        job["test"] = mean
    (one,) = reasons(sweep(tmp_path, jobs))
    assert one.by_heart.mean == pytest.approx(-0.6)
    assert one.by_heart.high < 0
    assert one.not_yet.mean == pytest.approx(0.8)
    assert one.not_kept.mean == pytest.approx(0.15)
    assert one.not_added.mean == pytest.approx(-0.05)


def test_without_one_of_the_compared_nothing_is_said(tmp_path: Path) -> None:
    for number, missing in enumerate(("three_sorted", "three_shuffled", "fresh", "fresh_long")):
        place = tmp_path / f"{number}"
        place.mkdir()
        found = sweep(place, [job for job in trained(10) if job["experiment"] != missing])
        assert reasons(found) == []
        assert (mostly(found), parts(found), why(found)) == ("", {}, {})
    bare = trained(10)
    del bare[-1]["lost"]
    (tmp_path / "bare").mkdir()
    assert reasons(sweep(tmp_path / "bare", bare)) == []


def test_what_is_shown_are_these_numbers(tmp_path: Path) -> None:
    found = sweep(tmp_path, [*trained(10), *trained(20, 0.4)])
    words = mostly(found)
    assert words.startswith("On three copies of each pair, shuffled, at length 20: srn 0.30 right,")
    assert words.endswith("the largest part of the rest not kept, 0.40 [0.38, 0.42].")
    ((head, rows),) = parts(found).values()
    assert head[:2] == ["cell", "length"]
    assert [row[1] for row in rows] == ["10", "20"]
    assert rows[0][2].startswith("0.30 [")
    assert [cell.split(" ")[0] for cell in rows[0][3:]] == [
        *("+0.10", "+0.30", "+0.10"),
        *("+0.25", "+0.05"),
    ]
    (made,) = why(found).values()
    above, below = made.axes
    curves = {line.get_label(): line for line in above.lines if line.get_marker() != "None"}
    assert np.allclose(curves["fresh"].get_ydata(), [0.6, 0.6])
    assert np.allclose(curves["3 copies, sorted"].get_ydata(), [0.2, 0.2])
    tops = [bar.get_y() + bar.get_height() for bar in below.patches]
    # Stacked: right, by heart, not yet, not kept, and the rest, at both lengths.
    assert np.allclose(tops[0::2], [0.3, 0.6, 0.7, 0.95, 1.0])
    assert np.allclose(tops[1:7:2], [0.3, 0.6, 0.7])
    assert np.isclose(tops[7], 1.1)  # what isn't kept is more than is wrong,
    assert np.isclose(tops[9], -0.1)  # so that the rest is below zero


KINDS = {
    AS_MADE: {"data.shuffle": False, "data.fresh": False, "data.copies": 3},
    FRESH: {"data.shuffle": True, "data.fresh": True, "data.copies": 3},
}
OTHERS = [
    {"data.shuffle": True, "data.fresh": False, "data.copies": 3},
    {"data.shuffle": False, "data.fresh": True, "data.copies": 3},
    {"data.shuffle": False, "data.fresh": False, "data.copies": 30},
    *({**kind, "data.distractors": "all"} for kind in KINDS.values()),
    *({**kind, "data.ask": "first"} for kind in KINDS.values()),
    *({**kind, "data.dir": "/own"} for kind in KINDS.values()),
]


def test_which_examples_a_verdict_is_on() -> None:
    for on, kind in KINDS.items():
        assert [other for other in KINDS if trained_on(kind, other)] == [on]
    for kind in OTHERS:
        assert not trained_on(kind, AS_MADE), kind
        assert not trained_on(kind, FRESH), kind
    assert trained_on({"data.shuffle": False}, AS_MADE)  # a version that knew no others


def curve(kind: dict[str, Any], means: list[float], **more: Any) -> list[dict[str, Any]]:
    lengths = (5, 15, 25, 35)
    pairs = zip(lengths, means, strict=True)
    return [kind | {"data.length": length, "test": mean} | more for length, mean in pairs]


def test_a_claim_is_judged_on_both_and_never_mixed(tmp_path: Path) -> None:
    jobs = curve(KINDS[AS_MADE], [0.8, 0.6, 0.4, 0.2])  # it falls
    jobs += curve(KINDS[FRESH], [0.9, 0.9, 0.9, 0.9])  # it doesn't
    for number, kind in enumerate(OTHERS):
        jobs += curve(kind, [0.1 * number] * 4)
    found = sweep(tmp_path, jobs)
    made, fresh = plain_srn_forgets(found).judgements
    assert (made.on, made.verdict) == (AS_MADE, "confirmed")
    assert (fresh.on, fresh.verdict) == (FRESH, "refuted")
    assert by_length(found, FRESH, "srn").values[:, 0] == pytest.approx([0.9 + WOBBLE[0]] * 4)
    assert [one.on for one in accuracy_turns(found).judgements] == [AS_MADE, FRESH]


@pytest.mark.parametrize("on", KINDS)
def test_a_claim_is_silent_on_what_a_sweep_has_not(on: str, tmp_path: Path) -> None:
    found = sweep(tmp_path, curve(KINDS[on], [0.8, 0.6, 0.4, 0.2]))  # type: ignore[index]
    assert [one.on for one in plain_srn_forgets(found).judgements] == [on]


def test_what_is_asked_stands_side_by_side(tmp_path: Path) -> None:
    jobs = curve({"data.ask": "sum"}, [0.9, 0.8, 0.7, 0.6])
    jobs += curve({"data.ask": "pair"}, [0.5, 0.4, 0.3, 0.2], chance=0.01)
    found = sweep(tmp_path, jobs)
    ((head, rows),) = side_by_side(found).values()
    assert head == ["cell", "length", "sum", "pair"]
    assert [(row[0], row[1], row[2][:5], row[3][:5]) for row in rows] == [
        ("srn", "5", "0.900", "0.500"),
        ("srn", "15", "0.800", "0.400"),
        ("srn", "25", "0.700", "0.300"),
        ("srn", "35", "0.600", "0.200"),
    ]
    assert found.by_chance == "0.10 (always 9) or 0.01 (always 0)"
    assert side_by_side(sweep(_made(tmp_path / "one"), curve({}, [0.9, 0.8, 0.7, 0.6]))) == {}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
