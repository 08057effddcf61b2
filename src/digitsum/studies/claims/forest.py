"""What a part of a claim was judged by: numbers with their intervals, against a threshold."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from digitsum.statistics import with_interval


class Row(NamedTuple):
    """A number and its interval, at one setting."""

    setting: str
    mean: float
    low: float
    high: float

    def said(self, signed: bool = False) -> str:
        """`0.933 [0.918, 0.947]`; with signs `+0.012 [-0.003, +0.027]`."""
        return with_interval(self.mean, self.low, self.high, "+.3f" if signed else ".3f")


class Forest(NamedTuple):
    """Rows against a threshold: a row holds where its interval lies on the statement's side.

    Args:
        quantity: what the numbers are, with their unit.
        rows: one a setting.
        threshold: from which the numbers are told apart.
        signed: whether they are differences, written with their signs.
        axis: what the settings are.
    """

    quantity: str
    rows: Sequence[Row]
    threshold: float = 0.0
    signed: bool = False
    axis: str = "length"

    def listed(self) -> str:
        """`5: +0.012 [...]; 10: ...`."""
        return "; ".join(f"{row.setting}: {row.said(self.signed)}" for row in self.rows)


class Measured(Protocol):
    """What has a mean and an interval: a `Summary`, a `Difference`."""

    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def rows(settings: Iterable[Any], measured: Iterable[Measured]) -> list[Row]:
    """One row a setting."""
    pairs = zip(settings, measured, strict=True)
    return [Row(str(setting), one.mean, one.low, one.high) for setting, one in pairs]
