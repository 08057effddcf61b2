"""What a run needs, worked out by hand; `test_sizes.py` holds it to what runs take."""

from pathlib import Path

import pytest
from omegaconf import DictConfig, open_dict

from digitsum.errors import UserError
from digitsum.runs.checks import sizes as sizing
from digitsum.runs.checks.counts import Counts, counted
from digitsum.runs.checks.sizes import Sizes, sizes

from .test_configs import composed

MIB = 2**20
# Of one replica: the digits' table 10 x 32, W and U, b, V and c; an LSTM has four gates.
_SRN = 320 + 32 * 32 + 32 * 32 + 32 + 32 * 19 + 19
_LSTM = 320 + 4 * (32 * 32 + 32 * 32 + 32) + 32 * 19 + 19


@pytest.fixture(autouse=True)
def _counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test builds its own networks, whatever was built before it."""
    monkeypatch.setattr("digitsum.runs.checks.counts._known", {})


def looked_at(probe: str, *typed: str) -> DictConfig:
    """A configuration with this probe alone, or none."""
    config = composed("replicas=3", *typed)
    with open_dict(config):
        config.callbacks = {"one": {"_target_": f"digitsum.probes.{probe}"}} if probe else {}
    return config


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("replicas=3",), Counts(3, 10, 32, 8, 500, 3, _SRN, 1, 1, 190)),
        (("model=lstm", "data.length=7"), Counts(1, 7, 32, 8, 500, 1, _LSTM, 4, 2, 190)),
        (
            ("model=lstm", "model.layers=2"),
            Counts(1, 10, 32, 8, 500, 1, _LSTM + 4 * (32 * 32 + 32 * 32 + 32), 8, 4, 190),
        ),
        (
            ("embedding=onehot", "model.hidden_size=5", "data.copies=1", "data.batch_size=200"),
            Counts(1, 10, 5, 100, 300, 1, 100 + 50 + 25 + 5 + 5 * 19 + 19, 1, 1, 5),
        ),
        (("data=blog", "replicas=4"), Counts(4, 10, 32, 8, 500, 1, _SRN, 1, 1, 190)),
        (("data.ask=first",), Counts(1, 10, 32, 8, 500, 1, _SRN - 33 * 9, 1, 1, 190)),
        (("trainer.max_steps=450",), Counts(1, 10, 32, 8, 500, 1, _SRN, 1, 1, 4)),
        (
            ("trainer.max_epochs=-1", "trainer.max_steps=450"),
            Counts(1, 10, 32, 8, 500, 1, _SRN, 1, 1, 4),
        ),
        (("trainer.max_steps=1",), Counts(1, 10, 32, 8, 500, 1, _SRN, 1, 1, 0)),
        (("trainer.max_epochs=-1",), Counts(1, 10, 32, 8, 500, 1, _SRN, 1, 1, 0)),
    ],
    ids=str,
)
def test_what_decides_the_size_is_counted(typed: tuple[str, ...], expected: Counts) -> None:
    assert counted(composed(*typed)) == expected


def test_what_is_known_of_one_network_is_not_taken_for_another() -> None:
    """Of a sweep's jobs each has its own cell and question; sizes alone may differ."""
    for typed, weights in (
        (("model=srn",), _SRN),
        (("model=lstm",), _LSTM),
        (("data.ask=first",), _SRN - 33 * 9),
        (("model.hidden_size=5",), 320 + 32 * 5 + 25 + 5 + 5 * 19 + 19),
        (("model=srn",), _SRN),
    ):
        assert counted(composed(*typed)).weights == weights, typed


def test_brought_files_are_counted_as_they_are(tmp_path: Path) -> None:
    for name, count in (("train", 3), ("dev", 2), ("test", 1)):
        (tmp_path / f"{name}.txt").write_text("1 2 0 0\t3\n" * count, encoding="utf-8")
    config = composed(f"data.dir={tmp_path}", "replicas=4", "data.length=4")
    assert counted(config) == Counts(4, 4, 32, 3, 6, 1, _SRN, 1, 1, 5)


def test_what_is_asked_of_brought_files_is_known(tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.txt").write_text("7 2 0 0\t7\n", encoding="utf-8")
    config = composed(f"data.dir={tmp_path}", "data.length=4", "data.ask=first")
    assert counted(config).examples == 3
    with pytest.raises(UserError, match="7"):
        counted(composed(f"data.dir={tmp_path}", "data.length=4"))


def test_the_key_that_asks_for_most_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the first of two that multiply, less is left than without the second."""
    config = composed("replicas=1000", "data.length=600", "data.copies=2")

    def held(one: DictConfig) -> Sizes:
        return Sizes(one.replicas * one.data.length * (1 + one.data.copies), one.data.copies, 0)

    monkeypatch.setattr(sizing, "sizes", held)
    assert sizing._largest(config, "memory", 1000 * 600 * 3) == "replicas=1000"
    assert sizing._largest(config, "disk", 2) == "this run"  # no half is saved by any
    assert sizing._largest(config, "disk", 2.1) == "data.copies=2"


def test_looking_often_is_what_asks_for_most(monkeypatch: pytest.MonkeyPatch) -> None:
    held = lambda one: Sizes(10**12 / one.evaluate_every, 0, 0)  # noqa: E731
    monkeypatch.setattr(sizing, "sizes", held)
    assert sizing._largest(composed("evaluate_every=5"), "memory", 2e11) == "evaluate_every=5"


def test_norms_are_of_every_gates_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """W, U and b of four gates and all at once, before clipping and after, at each of 5 steps."""
    words = ("model=lstm", "evaluate_every=5", "trainer.max_steps=5")
    found = [sizes(looked_at(probe, *words)).left for probe in ("GradientNorms", "Nothing")]
    assert found[0] - found[1] == pytest.approx(2 * 4 * 5 * 3 * (3 * 4 + 1))


BASE = 8 * 3 * 500 * 10, 4 * 3 * _SRN, 8 * 4 * 190 * 3  # digits, weights, curves; in bytes
STEP = 4 * 8 * 10 * 32  # a batch's states, of one replica


@pytest.mark.parametrize(
    ("typed", "probe", "passes", "more", "norms"),
    [
        ((), "", 1, 220 * MIB + 2 * STEP, 0),
        (("recurrence=reference",), "", 1, 110 * MIB + 3 * STEP * 2.4, 0),
        (("data.fresh=true",), "", 3, 220 * MIB + 2 * STEP, 0),
        ((), "GradientNorms", 1, 220 * MIB + 2 * STEP, 2 * 4 * 19_000 * 3 * 4),
        ((), "Saturation", 1, 220 * MIB + 2 * STEP + 3 * STEP * 2.4, 0),
        ((), "GradientFlow", 1, 220 * MIB + 2 * STEP + 3 * STEP * 2.4, 0),
        ((), "Spectrum", 1, 220 * MIB + 2 * STEP + 60 * 4 * 3 * 32**2, 0),
        # Two sets of 10 hundreds; states of three replicas twice, of one in doubles three times.
        ((), "Memory", 1, 220 * MIB + 2 * STEP + 2000 * 10 * (8 * 3 + 8 * 3 * 32 + 24 * 32), 0),
    ],
    ids=str,
)
def test_sizes_are_sums_of_what_is_held(
    typed: tuple[str, ...],
    probe: str,
    passes: int,
    more: float,
    norms: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sizing, "taken_memory", lambda: 1000)
    monkeypatch.setattr(sizing, "usable_cores", lambda: 2)
    found = sizes(looked_at(probe, *typed))
    digits, weights, curves = BASE
    memory = 1000 + more + 1.2 * passes * digits + 10 * weights + 0.1 * MIB * 3
    assert found.memory == pytest.approx(memory + 3 * curves + 2 * norms)
    left = 3 * 500 * 23 + 4 * weights + 2 * curves + norms + 0.2 * MIB + 3600
    assert found.left == pytest.approx(left)
    assert found.disk == pytest.approx(left + 4 * weights)


@pytest.mark.parametrize("probe", ["", "Saturation", "GradientFlow", "Spectrum"])
@pytest.mark.parametrize("way", ["fast", "reference"])
def test_doubles_take_twice_what_is_not_digits_or_curves(
    way: str, probe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizing, "taken_memory", lambda: 0)
    single, double, spelt = (
        sizes(looked_at(probe, f"recurrence={way}", f"+trainer.precision={precision}"))
        for precision in ("32", "64", "64-true")
    )
    digits, weights, curves = BASE
    same = (220 if way == "fast" else 110) * MIB + 1.2 * digits + 0.1 * MIB * 3 + 3 * curves
    assert double == spelt
    assert double.memory - same == pytest.approx(2 * (single.memory - same))
    assert double.left - single.left == pytest.approx(4 * weights)


def test_gates_and_states_are_held_by_each_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizing, "taken_memory", lambda: 0)
    found = {}
    for cores in (1, 2, 64):
        monkeypatch.setattr(sizing, "usable_cores", lambda cores=cores: cores)
        found[cores] = sizes(composed("replicas=3", "model=lstm")).memory
    assert found[2] - found[1] == pytest.approx(STEP * (2 + 5))
    assert found[64] - found[1] == pytest.approx(2 * STEP * (2 + 5))  # no more than replicas


@pytest.mark.parametrize(("cell", "each"), [("srn", 1), ("mgu", 1 + 2.5), ("gru", 1 + 3.75)])
def test_one_gate_keeps_its_state_alone(
    cell: str, each: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizing, "taken_memory", lambda: 0)
    found = []
    for cores in (1, 2):
        monkeypatch.setattr(sizing, "usable_cores", lambda cores=cores: cores)
        found.append(sizes(composed("replicas=3", f"model={cell}")).memory)
    assert found[1] - found[0] == pytest.approx(STEP * each)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (MIB, "1 MiB"),
        (999 * MIB, "999 MiB"),
        (1536 * MIB, "1.5 GiB"),
        (1000 * MIB, "0.977 GiB"),
        (2**40 * 3, "3 TiB"),
        (2**50 * 5, "5 PiB"),
        (2**50 * 5000, "5e+03 PiB"),
    ],
)
def test_bytes_are_said_in_the_unit_that_fits(count: float, words: str) -> None:
    assert sizing._said(count) == words
