"""Both ends of what each key may be."""

import math
from typing import Any

import pytest

from digitsum.runs.checks.values import LARGEST_SEED, RULES

COUNT = ([1, 2, 2**62], [0, -1, 1.0, True, "1", None, 2**63])
ABOVE_ZERO = ([1e-300, 1, 0.5], [0, 0.0, -1e-9, math.inf, math.nan, True, "1"])
SWITCH = ([True, False], [0, 1, "true", None])
ENDS: dict[str, tuple[list[Any], list[Any]]] = {
    "lr": ABOVE_ZERO,
    "optimizer.lr": ABOVE_ZERO,
    "seed": ([0, LARGEST_SEED], [-1, LARGEST_SEED + 1, 0.5, False]),
    **dict.fromkeys(("replicas", "evaluate_every", "model.hidden_size", "embedding.size"), COUNT),
    **dict.fromkeys(("data.batch_size", "data.copies"), COUNT),
    "model.skip": ([0, 1, 0.0, 1.0, 0.5], [-0.001, 1.001, math.nan, True]),
    "data.length": ([3, 4], [2, 0, 3.0]),
    "data.distractors": ([1, 2, "all"], [0, -1, "All", 1.5, True]),
    "data.ask": (["sum", "first", "pair", "label"], ["Sum", "", None, 1]),
    **dict.fromkeys(("resume", "overwrite", "data.shuffle", "data.fresh"), SWITCH),
    "optimizer.weight_decay": ([0, 0.1], [-1e-9, math.nan]),
    "optimizer.momentum": ([0, 0.999], [1, -0.1]),
    "loss.reduction": (["mean", "sum"], ["none", "max"]),
    "clip.value": ([None, 1e-9, 20], [0, -1, math.inf]),
    "clip.algorithm": (["norm", "tensor_norm", "value"], ["norms", None]),
    "recurrence": (["fast", "reference"], ["plain"]),
    "data.root": (["x"], ["", None, 1]),
    "data.dir": (["x", None], ["", 1]),
    "model.layers": ([1, 7], [0, -1, 1.5, None, "two"]),
    "init.forget_bias": ([None, -3, 0.0, 1.5], ["high", True, float("nan"), float("inf")]),
    "callbacks.progress.lines": SWITCH,
    "callbacks.checkpoints.seconds": ([0, 0.5], [-1]),
}


def test_every_key_is_here() -> None:
    assert ENDS.keys() == {key for key in RULES if not key.startswith("trainer.")}


@pytest.mark.parametrize("key", ENDS)
def test_both_ends(key: str) -> None:
    allowed, words = RULES[key]
    good, bad = ENDS[key]
    assert [value for value in good if not allowed(value)] == []
    assert [value for value in bad if allowed(value)] == []
    assert words
