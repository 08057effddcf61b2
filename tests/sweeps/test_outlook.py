"""How long a search still needs: against searches whose end is known."""

import math

import numpy as np
import pytest

from digitsum.sweeps.outlook import Asked, seconds_left, takes, to_come
from digitsum.sweeps.span_rule import Ask, Rule, search

from .test_span_rule import CURVES, Network

PACE = 0.25  # seconds of a step in time, for eight replicas


def cost(ask: Ask) -> float:
    return PACE * ask.length * math.ceil(ask.replicas / 8)


def whole(rule: Rule, network: Network) -> list[list[Asked]]:
    """A search to its end, round by round."""
    going, rounds = search(rule), []
    asks = next(going)
    try:
        while True:
            rounds.append([Asked(ask, network(ask), cost(ask)) for ask in asks])
            asks = going.send([one.answer for one in rounds[-1]])
    except StopIteration:
        return rounds


# A curve that is beyond the longest length, too.
@pytest.mark.parametrize("curve", [*CURVES[:2], (9000.0, 3.0, 0.1, 0.0)])
def test_half_way_it_is_about_right(curve: tuple[float, ...]) -> None:
    """Within a factor of 1.5 at the median over searches of one kind, never out by four; of jobs
    that take two seconds to begin, the first one twenty.
    """
    shares = []
    for number in range(12):
        rounds = whole(Rule(), Network(*curve, seed=number))
        rounds = [
            [one._replace(seconds=2 + (one.seconds or 0)) for one in several] for several in rounds
        ]
        rounds[0][0] = rounds[0][0]._replace(seconds=20)
        half = len(rounds) // 2
        done = [one for several in rounds[:half] for one in several]
        truth = sum(one.seconds or 0 for several in rounds[half:] for one in several)
        left = seconds_left(Rule(), [done])
        assert left is not None
        shares.append(left / truth)
    assert 0.67 < np.median(shares) < 1.5, shares
    assert min(shares) > 0.25
    assert max(shares) < 4


def test_at_its_end_nothing_is_to_come() -> None:
    rounds = whole(Rule(longest=40), Network(30.0, 4.0, 0.1, 0.0, seed=0))
    done = [one for several in rounds for one in several]
    assert to_come(Rule(longest=40), done) == []
    assert seconds_left(Rule(longest=40), [done]) == 0
    last = len(rounds[-1])
    again = to_come(Rule(longest=40), done[:-last])
    assert {one.ask.length for one in rounds[-1]} <= {one.length for one in again}


def test_before_any_job_nothing_is_known() -> None:
    assert seconds_left(Rule(), [[]]) is None
    # What is asked first is known nevertheless.
    assert [one.length for one in to_come(Rule(), [])][:3] == [5, 5, 5]


def test_a_job_takes_as_long_as_its_searchs_others_else_as_those_of_all() -> None:
    asks = [Ask(length, 0.001, 0, 8) for length in (10, 20, 40)]
    answer = Network(30.0, 4.0, 0.1, 0.0, seed=0)(asks[0])
    slow, fast = ([Asked(ask, answer, 1 + pace * ask.length) for ask in asks] for pace in (4, 2))
    asked = Ask(80, 0.001, 0, 9)  # two batches of eight
    seconds = [taken(asked) for taken in takes([slow, fast, []])]
    assert seconds == pytest.approx([1 + 4 * 160, 1 + 2 * 160, 1 + 3 * 160])
    (unknown,) = takes([[]])
    assert (unknown(asked), unknown(asks[0])) == (160, 10)


def test_a_searchs_own_pace_counts_and_searches_add_up() -> None:
    """One that has asked nothing takes the other's pace; a job without its time has none."""
    rounds = whole(Rule(), Network(30.0, 4.0, 0.1, 0.0, seed=0))
    done = rounds[0]
    slow = [one._replace(seconds=2 * (one.seconds or 0)) for one in done]
    one, other = seconds_left(Rule(), [done]), seconds_left(Rule(), [slow])
    assert one is not None
    assert other == pytest.approx(2 * one)
    assert seconds_left(Rule(), [done, slow]) == pytest.approx(3 * one)
    untold = [one._replace(seconds=None) for one in done]
    assert seconds_left(Rule(), [untold]) is None
    assert seconds_left(Rule(), [done, untold]) == pytest.approx(2 * one)
