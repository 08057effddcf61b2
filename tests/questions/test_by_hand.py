"""Claims and answers on results whose numbers and verdicts are worked out by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitsum.questions.dial import best_on_the_dial, best_skips, dials, skip, skip_remembers
from digitsum.questions.explosion import dead, exploding, gradients_explode, growth, largest
from digitsum.questions.judgement import Judgement, decide, rests_on
from digitsum.questions.learning_rates import learning_rates_decide
from digitsum.questions.lengths import at_the_longest
from digitsum.questions.lstm import lstm_remembers
from digitsum.questions.residual import residual_srn_remembers
from digitsum.questions.search import found_by_search
from digitsum.questions.settings import best_setting
from digitsum.questions.span import spans
from digitsum.sweeps.collected import Sweep

from ..invented import WOBBLE, chosen

Jobs = list[dict[str, Any]]


def by_part(judged: list[Judgement]) -> dict[str, str]:
    return {one.part.partition(": ")[2] or one.part: one.verdict for one in judged}


# -- explosions --------------------------------------------------------------------------------

STEPS = 100
DEAD_FROM = 70  # of a hundred steps: half of the last sixty, none of the first sixty


def norms(peak: float, dies: bool) -> dict[str, Any]:
    """Gradients of eight replicas: of U 1 at first, `peak` at step 20, and larger still at step 60,
    where nobody looks; those of W and b are others.
    """
    wobble = 10.0**WOBBLE
    before = np.empty((STEPS, 3, 8))
    before[:, 0], before[:, 2] = 7e7, 3e-9
    before[:, 1] = wobble
    before[20, 1] = peak * wobble
    before[60, 1] = 1e6 * peak
    if dies:
        before[DEAD_FROM:, 1] = 1e-7
    total = np.full((STEPS, 8), 5e8)
    total[0] = 1.0
    return {
        "step": np.arange(1, STEPS + 1),
        "names": np.array(["W", "U", "b"]),
        "before": before,
        "after": before / 2,
        "global_before": total,
        "global_after": total / 2,
    }


def explosion(folder: Path, free: dict[str, Any], clipped: dict[str, Any], test: float) -> Sweep:
    usual = {"optimizer": "sgd", "loss.reduction": "sum"}
    jobs = [
        {"clip.value": "null", "arrays": {"gradient_norms": free}, "test": 0.3},
        {"clip.value": 20, "arrays": {"gradient_norms": clipped}, "test": test},
    ]
    return chosen(folder, [usual | job for job in jobs])


EXPLODES = "unclipped, the largest ||dU|| of the first 40 steps is over ten times the first step's"
EXPLODES += " global norm"
TAMES = "clipping at 20 makes gradients smaller even before they are clipped"
VANISHES = "unclipped, gradients vanish after the explosion (||dU|| < 1e-6), clipped less"
LEARNS = "with clipping at 20 these settings learn (test accuracy above chance)"


def test_an_explosion_and_its_cure(tmp_path: Path) -> None:
    found = explosion(tmp_path, norms(1000.0, dies=True), norms(100.0, dies=False), test=0.05)
    free, clipped = found.complete
    assert growth(free) == pytest.approx(3 + WOBBLE)
    assert largest(clipped) == pytest.approx(100 * 10.0**WOBBLE)
    assert dead(free).tolist() == [0.5] * 8
    assert dead(clipped).tolist() == [0.0] * 8
    verdicts = by_part(list(gradients_explode(found).judgements))
    assert verdicts == {
        EXPLODES: "confirmed",
        TAMES: "confirmed",
        VANISHES: "confirmed",
        LEARNS: "refuted",  # 0.05 is below guessing
    }
    words = exploding(found)
    assert "||dU|| grows 1,000-fold" in words
    assert "50% of late steps are dead; clipped at 20, 0%" in words
    tamed = gradients_explode(found).judgements[1]
    assert tamed.numbers.startswith("log10 growth, unclipped minus clipped, +1.00")


def test_another_optimizer_is_no_part_of_the_claim(tmp_path: Path) -> None:
    usual = {"loss.reduction": "sum", "optimizer": "adam", "clip.value": "null"}
    found = chosen(tmp_path, [usual | {"arrays": {"gradient_norms": norms(1000.0, dies=True)}}])
    assert [*gradients_explode(found).judgements] == []


def test_sides_swapped_turn_every_verdict_round(tmp_path: Path) -> None:
    found = explosion(tmp_path, norms(5.0, dies=False), norms(1000.0, dies=True), test=0.3)
    assert by_part(list(gradients_explode(found).judgements)) == {
        EXPLODES: "refuted",  # five times is less than ten
        TAMES: "refuted",
        VANISHES: "refuted",
        LEARNS: "confirmed",
    }


# -- learning rates ----------------------------------------------------------------------------


def rates(accuracy: dict[float, float], loss: dict[float, float], longest: float = 0.0) -> Jobs:
    """The residual SRN at four rates; at the lowest, length 35 differs from the others."""
    return [
        {
            "model": "srn_residual",
            "lr": lr,
            "data.length": length,
            "test": accuracy[lr] + (longest if (lr, length) == (0.0001, 35) else 0.0),
            "train_loss": loss[lr],
        }
        for lr in accuracy
        for length in (35, 15, 25, 20)  # in no order
    ]


def test_bad_rates_and_one_too_low(tmp_path: Path) -> None:
    accuracy = {0.1: 0.2, 0.01: 0.4, 0.001: 0.9, 0.0001: 0.6}
    loss = {0.1: 2.5, 0.01: 1.5, 0.001: 0.1, 0.0001: 0.9}
    claim = learning_rates_decide(chosen(tmp_path, rates(accuracy, loss, longest=0.1)))
    assert [one.verdict for one in claim.judgements] == ["confirmed"] * 4
    first, second, third, fourth = claim.judgements
    assert first.part.endswith("lr 0.001 minus lr 0.1, test accuracy")
    assert [round(row.mean, 9) for row in first.forest.rows] == [0.7] * 4
    assert [row.setting for row in first.forest.rows] == ["15", "20", "25", "35"]
    assert [round(row.mean, 9) for row in second.forest.rows] == [0.5] * 4
    assert [round(row.mean, 9) for row in third.forest.rows] == [0.8] * 4
    assert [(row.setting, round(row.mean, 9)) for row in fourth.forest.rows] == [
        ("15", 0.1),
        ("20", 0.1),
        ("25", 0.1),
    ]


def test_other_rates_turn_it_round(tmp_path: Path) -> None:
    accuracy = {0.1: 0.95, 0.01: 0.9, 0.001: 0.9, 0.0001: 0.6}
    loss = {0.1: 0.1, 0.01: 0.1, 0.001: 0.9, 0.0001: 0.1}
    claim = learning_rates_decide(chosen(tmp_path, rates(accuracy, loss, longest=-0.1)))
    # 0.01 is as good, which eight replicas bound to 0.022: more than the margin.
    verdicts = [one.verdict for one in claim.judgements]
    assert verdicts == ["refuted", "not decided", "refuted", "refuted"]


# -- the LSTM, the residual SRN ----------------------------------------------------------------


def curve(model: str, test: list[Any], **more: Any) -> Jobs:
    lengths = (5, 15, 25, 35)
    pairs = zip(lengths, test, strict=True)
    return [{"model": model, "data.length": n, "test": mean} | more for n, mean in pairs]


def test_the_lstm_against_the_others(tmp_path: Path) -> None:
    jobs = curve("lstm", [0.9, 0.85, 0.8, 0.75]) + curve("srn", [0.6, 0.5, 0.4, 0.3])
    jobs += curve("srn_residual", [0.95, 0.95, 0.95, 0.95])
    jobs += curve("gru", [0.85, 0.9, 0.7, 0.75])  # below, above, below, the same
    claim = lstm_remembers(chosen(tmp_path, jobs))
    verdicts = {one.part: one.verdict for one in claim.judgements}
    assert verdicts == {
        "LSTM minus plain SRN, test accuracy": "confirmed",
        "LSTM minus residual SRN, test accuracy": "refuted",
        "LSTM minus GRU, test accuracy": "refuted",
        "LSTM: accuracy falls with length": "confirmed",
    }
    srn = claim.judgements[0].forest.rows
    assert [round(row.mean, 9) for row in srn] == [0.3, 0.35, 0.4, 0.45]
    falls = claim.judgements[-1]
    assert falls.numbers.startswith("-0.050 [")  # 0.15 over thirty digits, per ten


def test_a_fall_is_measured_over_all_lengths(tmp_path: Path) -> None:
    """A slope that may be 0.05 either way over thirty digits isn't within 0.02, though per digit
    it would be.
    """
    wide = np.array([-1, 1] * 4) * 0.09
    flat = curve("lstm", [0.5 + wide, 0.5 - wide, 0.5 + wide, 0.5 - wide])
    (falls,) = lstm_remembers(chosen(tmp_path / "wide", flat)).judgements
    assert abs(falls.forest.rows[0].mean) < 1e-9
    assert falls.verdict == "not decided"
    (falls,) = lstm_remembers(chosen(tmp_path / "tight", curve("lstm", [0.5] * 4))).judgements
    assert falls.verdict == "refuted"


@pytest.mark.parametrize(("last", "verdict"), [(0.9, "confirmed"), (0.7, "refuted"), (0.8, "not")])
def test_above_a_bound_means_at_every_length(last: float, verdict: str, tmp_path: Path) -> None:
    high = np.array([-1, 1] * 4) * 0.04
    jobs = curve("srn_residual", [0.95, 0.95, 0.95, last + high])
    above, *_ = residual_srn_remembers(chosen(tmp_path, jobs)).judgements
    assert above.verdict.startswith(verdict)


@pytest.mark.parametrize(("gap", "verdict"), [(0.2, "confirmed"), (2.0, "refuted")])
def test_the_gap_is_dev_minus_train(gap: float, verdict: str, tmp_path: Path) -> None:
    jobs = curve("srn", [0.5] * 4, train_loss=0.1, dev_loss=1.1)
    jobs += curve("srn_residual", [0.9] * 4, train_loss=3.0, dev_loss=3.0 + gap)
    _, smaller = residual_srn_remembers(chosen(tmp_path, jobs)).judgements
    assert smaller.verdict == verdict
    assert [round(row.mean, 9) for row in smaller.forest.rows] == [round(1 - gap, 9)] * 4


def test_one_diverged_replica_is_left_out_and_no_more(tmp_path: Path) -> None:
    found = chosen(tmp_path, curve("lstm", [0.9] * 4) + curve("srn", [0.5] * 4))
    lost = found.complete[0]
    assert lost.result is not None
    lost.result["replicas"][7]["test_accuracy"] = None
    claim = lstm_remembers(found)
    first = claim.judgements[0].forest.rows[0]
    assert first.mean == pytest.approx(np.mean(0.9 + WOBBLE[:7]) - 0.5)
    assert claim.judgements[0].verdict == "confirmed"


# -- the dial ----------------------------------------------------------------------------------


def dialled(test: list[float], dev: list[float]) -> Jobs:
    """At one length, s = 1, 0, 0.5: in no order."""
    triples = zip((1, 0, 0.5), test, dev, strict=True)
    return [
        {"model": "srn_skip", "model.skip": s, "test": t, "dev": d, "data.length": 20}
        for s, t, d in triples
    ]


def test_the_dial_is_read_in_its_order_and_chosen_on_dev(tmp_path: Path) -> None:
    found = chosen(tmp_path, dialled(test=[0.9, 0.3, 0.95], dev=[0.9, 0.3, 0.6]))
    (dial,) = dials(found)
    assert dial.skips.tolist() == [0, 0.5, 1]
    (judged,) = skip_remembers(found).judgements
    # Least squares through 0.3, 0.95, 0.9 at 0, 1/2, 1: a slope of 0.6.
    assert judged.forest.rows[0].mean == pytest.approx(0.6, abs=0.002)
    assert judged.verdict == "confirmed"
    assert "the best s on dev is 1 " in best_on_the_dial(found)
    assert "with test accuracy 0.900" in best_on_the_dial(found)
    assert len(best_skips(found)) == 1


def test_a_dial_is_told_at_its_shortest_and_its_longest_length(tmp_path: Path) -> None:
    jobs = []
    for length, test in ((20, 0.5), (10, 0.7), (40, 0.3)):
        for s in (0, 0.5, 0.25):
            job = {"model": "srn_skip", "model.skip": s, "dev": 0.2 + s}
            jobs.append(job | {"data.length": length, "test": test})
    assert best_on_the_dial(chosen(tmp_path, jobs)) == (
        "At length 10 the best s on dev is 0.5 (95 %: 0.5 - 0.5), with test accuracy 0.700; "
        "at length 40 the best s on dev is 0.5 (95 %: 0.5 - 0.5), with test accuracy 0.300."
    )


def test_a_panel_of_what_was_not_recorded_is_empty(tmp_path: Path) -> None:
    """Of each dial accuracy was; of one of two how gradients flow, by which the first digit's is
    a tenth, a thousandth and all of the last one's; of none exponents.
    """
    jobs = dialled(test=[0.9, 0.3, 0.6], dev=[0.9, 0.3, 0.6])
    for job, first in zip(jobs, (1.0, 0.001, 0.1), strict=True):
        norms = np.full((2, 8, 20), 5.0)  # at two looks, of which the last counts
        norms[-1, :, 0] *= first
        flow = {"norms": norms, "step": np.arange(2)}
        job["arrays"] = {"gradient_flow": flow}
    other = [job | {"data.length": 10, "arrays": {}} for job in jobs]
    (made,) = skip(chosen(tmp_path, [*jobs, *other])).values()
    tested, flows, exponents = (
        {str(line.get_label()): np.asarray(line.get_ydata(), float) for line in axes.lines}
        for axes in made.axes[:3]
    )
    assert {"length 10", "length 20"} <= tested.keys()
    assert tested["length 20"] == pytest.approx([0.3, 0.6, 0.9])
    assert "length 10" not in flows
    assert flows["length 20"] == pytest.approx([-3, -1, 0])
    assert not [name for name in exponents if name.startswith("length")]


def test_a_dial_that_falls_is_refuted(tmp_path: Path) -> None:
    found = chosen(tmp_path, dialled(test=[0.3, 0.9, 0.6], dev=[0.3, 0.9, 0.6]))
    (judged,) = skip_remembers(found).judgements
    assert judged.forest.rows[0].mean == pytest.approx(-0.6, abs=0.002)
    assert judged.verdict == "refuted"


# -- answers: chosen on dev, told on test ------------------------------------------------------


def test_the_best_is_best_on_dev(tmp_path: Path) -> None:
    jobs = [
        {"lr": 0.1, "dev": 0.9, "test": 0.2},
        {"lr": 0.01, "dev": 0.5, "test": 0.8},
        {"lr": 0.001, "dev": 0.1, "test": 0.5},
    ]
    words = best_setting(chosen(tmp_path, jobs))
    assert words.startswith("Best on dev is lr=0.1, with test accuracy 0.200 [")
    assert "worst is lr=0.001, with 0.500 [" in words


def test_a_span_is_at_the_rate_that_is_best_on_dev(tmp_path: Path) -> None:
    jobs = []
    for length, test in ((5, 0.9), (10, 0.7), (20, 0.3), (40, 0.1)):
        jobs.append({"data.length": length, "lr": 0.01, "dev": 0.6, "test": test})
        jobs.append({"data.length": length, "lr": 0.001, "dev": 0.2, "test": 0.99})
    (one,) = spans(chosen(tmp_path, jobs))
    assert one.lr == [0.01] * 4
    assert one.span == pytest.approx(10 * 2**0.5)  # half way from 0.7 to 0.3, on a log axis
    assert one.low <= one.span <= one.high


def test_at_the_longest_length_that_all_have(tmp_path: Path) -> None:
    jobs = curve("srn", [0.8, 0.6, 0.4, 0.2]) + curve("lstm", [0.9, 0.9, 0.9, 0.9])[:3]
    words = at_the_longest(chosen(tmp_path, jobs))
    assert words.startswith("At length 25 test accuracy is lstm: 0.900 [")
    assert "; srn: 0.400 [" in words
    assert "At length 5 it is 0.800 to 0.900" in words


def test_of_one_length_there_is_no_longest(tmp_path: Path) -> None:
    one = [{"model": model, "data.length": 5} for model in ("srn", "lstm")]
    assert at_the_longest(chosen(tmp_path / "one", one)) == ""
    other = [{"lr": 0.1, "test": 0.4}, {"lr": 0.2, "test": 0.5}]
    assert at_the_longest(chosen(tmp_path / "none", other)) == ""


def test_a_search_tells_test_of_its_best_alone(tmp_path: Path) -> None:
    jobs = [{"lr": 0.1, "dev": 0.9, "test": 0.2}, {"lr": 1, "dev": 0.1, "test": 0.8}]
    found = chosen(tmp_path, jobs)
    assert found_by_search(found) == ""  # a grid
    searched = Sweep(found.folder, None, found.jobs, found.varied, trials=2)
    words = found_by_search(searched)
    assert "lr=0.1, with 0.900 [" in words
    assert "its test accuracy is 0.200 [" in words
    assert "0.800" not in words


# -- the levels of a verdict -------------------------------------------------------------------


def ramp(low: float, high: float) -> np.ndarray[Any, Any]:
    """Draws of which each quantile is known: evenly from low to high."""
    return np.linspace(low, high, 100_001)


def test_a_verdict_that_rests_on_the_margin_says_so() -> None:
    small, clear, wide = ramp(-0.015, 0.015), ramp(-1, -0.5), ramp(-1, 1)
    assert rests_on([small], 0.02) == "; within 0.02, too small to matter"
    assert [rests_on([one], 0.02) for one in (clear, wide)] == ["", ""]
    assert rests_on([small], None) == ""


@pytest.mark.parametrize(
    ("effects", "margin", "verdict"),
    [
        ([(-0.02, 1)], None, "confirmed"),  # below zero are 2 %
        ([(-0.03, 1)], None, "not decided"),  # 3 %: two sides of 5 %, not one of it
        ([(-0.02, 1), (-0.02, 1)], None, "confirmed"),  # all must hold: nobody divides
        ([(-0.02, 1), (-0.03, 1)], None, "not decided"),
        ([(-1, 0.02)], None, "refuted"),
        ([(-1, 0.03)], None, "not decided"),
        ([(-1, 0.012), (1, 2)], None, "refuted"),  # one of two would do: at 1.25 %
        ([(-1, 0.014), (1, 2)], None, "not decided"),
        # Too small to matter, 5 % on each side: 0.9 of the draws within.
        ([(-0.022, 0.022)], 0.02, "refuted"),
        ([(-0.0223, 0.0223)], 0.02, "not decided"),
        ([(-0.022, 0.022)], None, "not decided"),
        ([(-0.022, 0.022), (1, 2)], 0.02, "not decided"),  # of two, 2.5 % on each side
        ([(-0.0209, 0.0209), (1, 2)], 0.02, "refuted"),
        ([(0.0001, 0.015)], 0.02, "confirmed"),  # real and small
    ],
)
def test_the_level_of_each_rule(
    effects: list[tuple[float, float]], margin: float | None, verdict: str
) -> None:
    assert decide([ramp(*one) for one in effects], margin) == verdict
