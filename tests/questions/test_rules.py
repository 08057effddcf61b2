"""The rules of verdicts (docs/method.md), checked by simulation: how often each is wrong."""

import numpy as np
import pytest

from digitsum.questions.judgement import MARGIN, decide
from digitsum.questions.turning import dips, single_seed_share, turns
from digitsum.statistics import resampled_means

LENGTHS = np.array([5, 10, 15, 20, 25, 30, 35])
LEVEL = np.array([0.958, 0.955, 0.952, 0.949, 0.946, 0.944, 0.942])
NOISE = 0.06  # a replica's spread about the mean, as the residual SRN has it at lengths 25 to 35
TRIES = {4: 80, 64: 80, 256: 40}  # by replicas: with many of them little is left to chance


@pytest.fixture(autouse=True)
def _fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of those of a report: an interval's ends then wobble by less than a tenth of what
    they do from one sample of replicas to the next.
    """
    monkeypatch.setattr("digitsum.statistics.RESAMPLES", 2_000)


def effects(stream: np.random.Generator, means: list[float], replicas: int) -> list[np.ndarray]:
    samples = [stream.normal(mean, NOISE, replicas) for mean in means]
    return [resampled_means(sample, stream) for sample in samples]


def share(verdict: str, means: list[float], replicas: int, margin: float | None = MARGIN) -> float:
    stream = np.random.default_rng(0)
    found = [decide(effects(stream, means, replicas), margin) for _ in range(TRIES[replicas])]
    return float(np.mean([one == verdict for one in found]))


def test_nothing_is_confirmed_that_is_not_there() -> None:
    # One-sided 2.5 %, a little more for the percentile bootstrap of 64 replicas.
    assert share("confirmed", [0.0], 64) <= 0.06
    assert share("confirmed", [0.05, 0.0, 0.05], 64) <= 0.06


def test_nothing_is_refuted_that_is_there() -> None:
    assert share("refuted", [MARGIN * 1.01] * 5, 64) <= 0.07
    assert share("refuted", [0.05] * 5, 64, margin=None) == 0


def test_with_256_replicas_little_is_left_open() -> None:
    assert share("confirmed", [0.03] * 3, 256) >= 0.95
    assert share("refuted", [0.05, 0.0, 0.05], 256) >= 0.95
    assert share("refuted", [0.05, -0.03, 0.05], 256) >= 0.95
    assert share("not decided", [0.0], 4) >= 0.5  # four replicas can't tell


def curves(stream: np.random.Generator, dip: float, replicas: int) -> list[tuple]:
    level = LEVEL - np.where(LENGTHS == 25, dip, 0)
    one = level[:, None] + stream.normal(0, NOISE, (len(LENGTHS), replicas))
    other = LEVEL[:, None] + stream.normal(0, NOISE, (len(LENGTHS), replicas))
    return [(LENGTHS, one), (LENGTHS, other)]


@pytest.mark.parametrize(
    ("dip", "replicas", "wrong", "at_most"),
    [(0.0, 64, "confirmed", 0.07), (0.05, 64, "refuted", 0.02), (0.05, 256, "not decided", 0.05)],
)
def test_error_rates_of_the_dip(dip: float, replicas: int, wrong: str, at_most: float) -> None:
    stream = np.random.default_rng(1)
    found = [turns(dips(curves(stream, dip, replicas))[0]) for _ in range(20)]
    assert np.mean([one == wrong for one in found]) <= at_most


def test_no_dip_is_seen_to_be_none_with_256_replicas() -> None:
    stream = np.random.default_rng(2)
    found = [turns(dips(curves(stream, 0.0, 256))[0]) for _ in range(20)]
    assert np.mean([one == "refuted" for one in found]) >= 0.8


def test_dips_by_hand() -> None:
    level = np.array([0.9, 0.8, 0.5, 0.7, 0.8])
    values = level[:, None] + np.linspace(-0.02, 0.02, 16)
    (found,) = dips([(np.array([15, 20, 25, 30, 35]), values)])
    assert [dip.length for dip in found] == [20, 25, 30]
    assert [dip.depth for dip in found] == pytest.approx([-0.3, 0.2, -0.2])
    assert all(dip.low < dip.depth < dip.high for dip in found)
    assert turns(found) == "confirmed"


def test_one_seed_of_noise_alone_turns_more_often_than_not() -> None:
    # Of three independent values in a row the middle one is the least in a third.
    noise = np.random.default_rng(0).normal(size=(3, 2000))
    assert single_seed_share(noise) == pytest.approx(1 / 3, abs=0.03)
    assert single_seed_share(np.random.default_rng(0).normal(size=(7, 2000))) > 0.8
