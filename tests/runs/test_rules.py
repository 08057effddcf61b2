"""What a value may be, rule by rule: both ends of each range, and what only looks like it."""

import math
from collections.abc import Callable

import pytest

from digitsum.runs.checks.rules import (
    FRACTION,
    POSITIVE,
    SWITCH,
    TEXT,
    Rule,
    near,
    number,
    one_of,
    only,
    or_null,
    whole,
)


def even() -> Rule:
    return number(lambda v: v % 2 == 0, "even")


# Made where they are tried, not when this module is imported.
@pytest.mark.parametrize(
    ("rule", "words", "accepted", "refused"),
    [
        (
            lambda: whole(3),
            "a whole number, at least 3",
            [3, 2**63 - 1],
            [2, 2**63, 3.0, True, "3", None],
        ),
        (lambda: whole(0), "a whole number, at least 0", [0], [False, -1]),
        (lambda: only(1, None), "1 or null", [1, None], [True, 1.0, 0, "1"]),
        (lambda: only(True, instead="no"), "true: no", [True], [1, None]),
        (lambda: only("cpu", 32), "cpu or 32", ["cpu", 32], ["gpu", 32.0]),
        (even, "even", [2, -4.0, 2**62, -(2**62)], [3, True, False, "2", None, 2**63, -(2**63)]),
        (lambda: number(lambda _: True, "any"), "any", [-1e308], [math.inf, math.nan, "1"]),
        (even, "even", [1e30], [math.inf, -math.inf, math.nan]),
        (lambda: POSITIVE, "a number above 0", [1e-300, 1], [0, -1, "1", True, math.inf]),
        (lambda: FRACTION, "a number from 0 up to, not including, 1", [0, 0.999], [1, -0.1, False]),
        (lambda: one_of("a", "b"), "one of a, b", ["a", "b"], ["c", None, ""]),
        (lambda: or_null(whole(1)), "a whole number, at least 1, or null", [None, 1], [0, "null"]),
        (lambda: SWITCH, "true or false", [True, False], [1, 0, None, "true"]),
        (lambda: TEXT, "a path", ["a", " "], ["", None, 1]),
    ],
)
def test_a_rule(
    rule: Callable[[], Rule], words: str, accepted: list[object], refused: list[object]
) -> None:
    allowed, said = rule()
    assert said == words
    assert [one for one in accepted if not allowed(one)] == []
    assert [one for one in refused if allowed(one)] == []


def test_what_was_meant_is_what_is_closest() -> None:
    assert near("hiden_size", ["layers", "hidden_size"]) == "; did you mean hidden_size?"
    assert near("sizes", iter(["siz", "size"])) == "; did you mean size?"
    assert near("xyz", ["layers", "hidden_size"]) == ""
    assert near("xyz", []) == ""
    assert near("abcdef", ["abcxyz"]) == "; did you mean abcxyz?"  # half of it is enough
    assert near("abcdefg", ["abcxyzw"]) == ""
