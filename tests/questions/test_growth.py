"""How a span grows with the budget: spans that we choose, and how often the rule is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitsum.questions import growth
from digitsum.questions.growth import WIDER, doublings, grown, span_grows
from digitsum.questions.judgement import decide
from digitsum.questions.span import Span
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.span_rule import Rule

from ..invented import chosen
from ..sweeps.test_span_rule import CURVES, Network, run

Known = dict[tuple[str, int, int], float]


def asked(folder: Path, known: Known, monkeypatch: pytest.MonkeyPatch, spread: float) -> Sweep:
    """A search to length 320 whose cells have these spans at passes and sizes."""
    named = ("model", "trainer.max_epochs", "model.hidden_size")
    settings: list[dict[str, Any]] = [
        dict(zip(named, each, strict=True)) | {"data.batch_size": 8} for each in known
    ]
    found = chosen(folder, settings, grows=320, started=1.0)
    stream = np.random.default_rng(0)
    spans = []
    for job, span in zip(found.jobs, known.values(), strict=True):
        draws = span * np.exp(spread * stream.normal(size=2000))
        ends = (span, *np.quantile(draws, [0.01, 0.99], method="inverted_cdf"))
        spans.append(Span("", np.array([5]), [], [], *ends, draws, job.settings))
    monkeypatch.setattr(growth, "spans", lambda _: spans)
    return found


def test_what_grows_and_what_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known: Known = {}
    for size in (16, 32):
        for passes in (250, 500, 1000):
            known["lru", passes, size] = 20 * (passes / 250) ** 0.5 * (size / 16)
            known["lstm", passes, size] = 20.0
            known["gru", passes, size] = np.inf
            known["srn", passes, size] = 200 if passes < 1000 else np.inf
            known["irnn", passes, size] = 0.0 if passes == 250 else 30.0  # none, with the fewest
    found = asked(tmp_path, known, monkeypatch, 0.01)
    judged = {one.part: one for one in span_grows(found).judgements}
    assert {part: one.verdict for part, one in judged.items()} == {
        "lru: the span grows with optimizer steps": "confirmed",
        "lstm: the span grows with optimizer steps": "refuted",
        "srn: the span grows with optimizer steps": "confirmed",
        "lru: the span grows with hidden size": "confirmed",
        "lstm: the span grows with hidden size": "refuted",
        "srn: the span grows with hidden size": "refuted",
        "irnn: the span grows with hidden size": "refuted",
    }
    first = judged["lru: the span grows with optimizer steps"].forest
    assert [row.setting for row in first.rows] == ["hidden_size=16", "hidden_size=32"]
    assert [row.mean for row in first.rows] == pytest.approx([0.5, 0.5])
    # To 320 at least: by 1.6 with four times the steps, log2(1.6) / 2 doublings for one.
    beyond = judged["srn: the span grows with optimizer steps"]
    assert beyond.forest.rows[0].mean == pytest.approx(np.log2(1.6) / 2)
    assert beyond.aside == "at least, since beyond 320: hidden_size=16; hidden_size=32"
    of_irnn = judged["irnn: the span grows with hidden size"].forest.rows
    assert [row.setting for row in of_irnn] == ["max_epochs=500", "max_epochs=1000"]
    told = grown(found)
    assert "With twice the optimizer steps a span is longer by a factor of 1.41 [" in told
    assert "] (lru), " in told
    assert "at least 1.26 [" in told
    assert "With twice the hidden size a span is longer by a factor of 1.00 [" in told
    assert "2.00 [1.96, 2.04] (lru)" in told
    assert told.endswith("Beyond 320 with any: gru.")


def test_a_cell_that_is_always_beyond_is_told_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Known = {(cell, passes, 16): np.inf for cell in ("gru", "lru") for passes in (250, 1000)}
    found = asked(tmp_path, known, monkeypatch, 0.01)
    assert span_grows(found).judgements == []
    assert grown(found) == "Beyond 320 with any: gru, lru."


@pytest.mark.parametrize("passes", [250, 500])
def test_what_is_beyond_is_never_too_small_to_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passes: int
) -> None:
    """A span is beyond the longest length though its interval isn't wholly: with the fewest steps
    it says nothing, with more of them it isn't known how far it has grown.
    """
    known: Known = {("lru", 250, 16): 315, ("lru", 500, 16): 316}
    found = asked(tmp_path, known, monkeypatch, 0.001)
    assert [one.verdict for one in span_grows(found).judgements] == ["refuted"]
    spans = growth.spans(found)
    place = [one.settings["trainer.max_epochs"] for one in spans].index(passes)
    spans[place] = spans[place]._replace(span=np.inf, high=np.inf)
    told = [(one.verdict, one.aside, "matter" in one.test) for one in span_grows(found).judgements]
    beyond = "at least, since beyond 320: this"
    assert told == ([] if passes == 250 else [("not decided", beyond, False)])
    if passes == 500:  # nor where its interval alone reaches there
        spans[place] = spans[place]._replace(span=316.0)
        assert [one.verdict for one in span_grows(found).judgements] == ["not decided"]


def test_an_interval_that_reaches_beyond_says_how_far_it_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the smaller budget it is the span that must be within the lengths asked."""
    found = asked(tmp_path, {("lru", 250, 16): 80, ("lru", 500, 16): 200}, monkeypatch, 0.01)
    spans = growth.spans(found)
    spans[0] = spans[0]._replace(high=np.inf)
    (one,) = span_grows(found).judgements
    assert one.verdict == "confirmed"
    assert one.aside == ""


def test_an_effect_that_is_a_least_one_may_be_any_above() -> None:
    small, large = np.linspace(-0.01, 0.02, 2000), np.linspace(0.3, 0.5, 2000)
    assert decide([small, large], 0.1) == "refuted"
    assert decide([small, large], 0.1, [True, False]) == "not decided"
    assert decide([small, large], 0.1, [False, True]) == "refuted"
    assert decide([small, large], 0.1, [True, True]) == "not decided"
    assert decide([large, large], 0.1, [True, True]) == "confirmed"
    assert decide([-large, large], 0.1, [True, True]) == "refuted"


def test_growth_too_small_to_matter_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Known = {("lstm", 250, 16): 20, ("lstm", 500, 16): 20.1}
    (one,) = span_grows(asked(tmp_path, known, monkeypatch, 0.01)).judgements
    assert one.verdict == "refuted"
    assert "within 0.1, too small to matter" in one.test


def test_settings_that_are_words_come_after_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Known = {("lru", passes, size): 20 for passes in (250, 500) for size in (32, 8, 16)}
    found = asked(tmp_path, known, monkeypatch, 0.01)
    for one in growth.spans(found):
        if one.settings["model.hidden_size"] == 8:
            one.settings["model.hidden_size"] = "auto"
    keys = ["model.hidden_size"]
    by = growth._same_but_for(growth.BUDGETS[0], keys, growth.spans(found))
    assert [setting for _, setting, _ in by] == ["hidden_size=16", "hidden_size=32", "auto"]


def test_one_setting_that_ends_beyond_makes_the_factor_a_least_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Known = {("srn", 250, 16): 50, ("srn", 500, 16): 100}
    known |= {("srn", 250, 32): 160, ("srn", 500, 32): np.inf}
    found = asked(tmp_path, known, monkeypatch, 0.01)
    assert "by a factor of at least 2.00 [" in grown(found)
    steps, _ = span_grows(found).judgements
    assert steps.aside == "at least, since beyond 320: hidden_size=32"
    assert steps.forest.margin == 0.1


def test_draws_of_two_spans_are_combined_at_random() -> None:
    """Else two that were drawn alike would seem not to differ at all."""
    draws = 100 * np.exp(0.1 * np.random.default_rng(0).normal(size=2000))
    one = Span("", np.array([5]), [], [], 100.0, 80.0, 120.0, draws, {})
    middle, found = doublings(one, one, (5, 320))
    assert middle == 0
    wanted = WIDER * 2**0.5 * np.log2(draws).std()
    assert found.std() == pytest.approx(wanted, rel=0.05)


def test_what_is_wide_is_not_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known: Known = {("lru", passes, 16): 20 + passes / 100 for passes in (250, 1000)}
    (one,) = span_grows(asked(tmp_path, known, monkeypatch, 0.4)).judgements
    assert one.verdict == "not decided"
    assert len(one.forest.rows) == 1


def test_a_sweep_without_budgets_says_nothing(tmp_path: Path) -> None:
    search = {"grows": 320, "started": 1.0}
    passes = [{"model": "srn", "trainer.max_epochs": count} for count in (250, 500)]
    cells = [{"model": "srn"}, {"model": "gru"}]
    for number, (jobs, given) in enumerate(((cells, {}), (cells, search), (passes, {}))):
        found = chosen(tmp_path / f"{number}", jobs, **given)
        assert span_grows(found).judgements == []
        assert grown(found) == ""


@pytest.mark.parametrize("curve", [CURVES[0], CURVES[3]])
def test_growth_that_is_not_there_is_hardly_ever_confirmed(curve: tuple[float, ...]) -> None:
    """Two searches of one curve."""
    rule = Rule(longest=320, factor=1.5, batch=8, most=32)
    made = [run(rule, Network(*curve, seed=seed))[0].crossed for seed in range(200)]
    known = [one for one in made if one is not None]
    assert len(known) == len(made)
    wrong = []
    for few, many in zip(known[::2], known[1::2], strict=True):
        _, draws = doublings(few, many, (5, 320))
        wrong.append(decide([draws]) == "confirmed")
    assert np.mean(wrong) <= 0.05
