"""A cell's memory span: the length at which its mean test accuracy falls through one half.

At each length a cell is asked at the learning rate that suits it best there, chosen on dev and
judged on test. A falling curve through the lengths says where one half is crossed, on a log axis.
Of a grid all its lengths make the curve; of a search (`sweeps.span_rule`) the replicas that it had
measured at its end, with seeds that it hadn't seen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.spans import Row, spans_figure
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.crossing import HALF, RESAMPLES, crossed, crossing, falling
from digitsum.sweeps.jobs import LENGTH, Array, Job, told
from digitsum.sweeps.span_rule import FRESH

FRESHLY = "data.fresh"
SOUGHT = (LENGTH, "lr")  # what a span is sought over


class Span(NamedTuple):
    """A cell's span with its 95 % interval, and what it was made from.

    `span`, `low` and `high` are 0 where accuracy is below one half at the shortest length already,
    infinite where it never is. `accuracy` [L, R] is on test at the best learning rates `lr` [L];
    `draws` are those of the interval, `settings` those of one of its jobs.
    """

    model: str
    lengths: Array
    lr: list[float]
    accuracy: list[Array]
    span: float
    low: float
    high: float
    draws: Array
    settings: dict[str, Any]


def spans(found: Sweep) -> list[Span]:
    """Of each cell that has three lengths or more, the longest span first; of a search of each that
    has ended.

    A grid's interval resamples the replicas of every job and chooses the learning rates anew, so
    that it includes the choice.
    """
    groups: dict[str, dict[int, list[Job]]] = {}
    for agreed, jobs in found.alike(*SOUGHT).items():
        name = named(agreed) or str(jobs[0].settings["model"])
        by_length = groups.setdefault(name, {})
        for job in jobs:
            by_length.setdefault(job.settings[LENGTH], []).append(job)
    if found.grows:
        sought = [_sought(model, jobs, found.grows) for model, jobs in groups.items()]
        made = [one for one in sought if one is not None]
    else:
        made = [_span(model, jobs) for model, jobs in groups.items() if len(jobs) >= 3]
    return sorted(made, key=lambda one: (one.span, np.mean(one.accuracy[-1])), reverse=True)


def _span(model: str, by_length: dict[int, list[Job]]) -> Span:
    stream = np.random.default_rng(0)
    lengths = np.array(sorted(by_length))
    own = by_length[int(lengths[0])][0].settings
    curve, drawn, rates, accuracy = [], [], [], []
    for length in lengths:
        jobs = by_length[length]
        dev, test = (
            [job.values(m) for job in jobs] for m in ("best_dev_accuracy", "test_accuracy")
        )
        best = int(np.argmax([_mean(values) for values in dev]))
        rates.append(float(jobs[best].settings["lr"]))
        accuracy.append(test[best])
        curve.append(_mean(test[best]))
        drawn.append(_resampled(dev, test, stream))
    draws = crossing(lengths, falling(np.stack(drawn, -1)))
    low, high = np.quantile(draws, [0.025, 0.975], method="inverted_cdf")
    centre = crossing(lengths, falling(np.array(curve)))
    return Span(model, lengths, rates, accuracy, float(centre), float(low), float(high), draws, own)


def _sought(model: str, by_length: dict[int, list[Job]], longest: int) -> Span | None:
    """From the replicas that a search had measured, else, where the longest length is above one
    half, from those that it had there; None where it hasn't come so far.
    """
    lengths = np.array(sorted(by_length))
    own = by_length[int(lengths[0])][0].settings
    rates, accuracy, fresh = [], [], {}
    for length in lengths.tolist():
        jobs = sorted(by_length[length], key=lambda job: -_mean(job.values("best_dev_accuracy")))
        rates.append(float(jobs[0].settings["lr"]))
        accuracy.append(jobs[0].values("test_accuracy"))
        for job in jobs:
            new = np.array([replica["seed"] >= FRESH for replica in job.replicas])
            if new.any():
                fresh[length] = job.values("test_accuracy")[new]
                rates[-1], accuracy[-1] = float(job.settings["lr"]), fresh[length]
    if len(fresh) > 1:
        found = crossed(fresh)
        # It goes further out, as long as the interval reaches beyond what was measured.
        shorter = found.low == 0 and min(fresh) > lengths[0]
        if shorter or (np.isinf(found.high) and max(fresh) < longest):
            return None
        return Span(model, lengths, rates, accuracy, *found, own)
    last = _mean(accuracy[-1])
    if len(lengths) == 1 and last < HALF:
        return Span(model, lengths, rates, accuracy, 0.0, 0.0, 0.0, np.zeros(RESAMPLES), own)
    if last >= HALF and lengths[-1] >= longest:
        found = crossed(dict(zip(lengths.tolist(), accuracy, strict=True)))
        return Span(model, lengths, rates, accuracy, *found, own)
    return None


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def _resampled(dev: Sequence[Array], test: Sequence[Array], stream: np.random.Generator) -> Array:
    """Test means of the learning rate that is best on dev, in each of the bootstrap's draws."""
    means = []
    for pair in zip(dev, test, strict=True):
        known = np.nan_to_num(np.stack(pair))  # a replica without a value has learned nothing
        index = stream.integers(0, known.shape[1], (RESAMPLES, known.shape[1]))
        means.append(known[:, index].mean(-1))
    on_dev, on_test = np.stack(means).swapaxes(0, 1)  # [jobs, draws] each
    return np.asarray(np.take_along_axis(on_test, on_dev.argmax(0)[None], 0)[0])


def said(one: Span) -> str:
    """`37 [31, 45]`; `> 280` where the lengths don't reach; `none (below 0.5 at 5)` of a cell that
    isn't above one half at the shortest, which is no short memory but another trouble.
    """

    def length(value: float) -> str:
        if value == 0:
            return f"< {one.lengths[0]}"
        if np.isinf(value):
            return f"> {one.lengths[-1]}"
        return f"{value:.1f}" if value < 20 else f"{value:.0f}"

    ends = length(one.low), length(one.high)
    if one.high == 0:
        return f"none (below {HALF} at {one.lengths[0]})"
    beyond = np.isinf(one.low)  # of which there is no more to say
    return length(one.span) if beyond else f"{length(one.span)} [{ends[0]}, {ends[1]}]"


def named(settings: Iterable[tuple[str, Any]]) -> str:
    """`gru, hidden_size=32, max_epochs=500`: settings by the last part of their keys."""
    return ", ".join(told(key.rpartition(".")[2], value) for key, value in settings)


def together(known: Mapping[str, str]) -> list[str]:
    """`gru / lru_2 > 1280`: names before what is said of them, once of those that share it."""
    names: dict[str, list[str]] = {}
    for name, words in known.items():
        names.setdefault(words, []).append(name)
    return [f"{' / '.join(several)} {words}" for words, several in names.items()]


def surer(rows: Sequence[Span]) -> list[float | None]:
    """In which share of the draws each is above the next, counting ties by half; None of the last,
    and where both are beyond what was asked.
    """
    found: list[float | None] = []
    for one, other in pairwise(rows):
        if np.isinf(one.low) and np.isinf(other.low):
            found.append(None)
            continue
        above = (one.draws > other.draws).mean() + (one.draws == other.draws).mean() / 2
        found.append(float(above))
    return [*found, None][: len(rows)]


def span_table(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Spans in words, with how sure their order is; and of a grid the learning rate chosen at each
    length, of a search what the span was made of.
    """
    known, by_heart = _apart(found)
    if not known:
        return {}
    made = [*known.values()]
    sure = ["" if one is None else f"{one:.0%}" for one in surer(made)]
    head = ["cell", "span [95 %]", "above the next"]
    rows = [
        [name, said(one), above] for (name, one), above in zip(known.items(), sure, strict=True)
    ]
    if any(by_heart):
        head.append("span by heart")
        for row, other in zip(rows, by_heart, strict=True):
            row.append(said(other) if other else "")
    if found.grows:
        head += ["lr", "measured at"]
        for row, one in zip(rows, made, strict=True):
            place = int(np.searchsorted(one.lengths, one.low / 1.5)) if one.low < np.inf else -1
            row += [f"{one.lr[place]:g}", "; ".join(_measured(one))]
    else:
        head += [f"lr at {length}" for length in made[0].lengths]
        for row, one in zip(rows, made, strict=True):
            row += [f"{lr:g}" for lr in one.lr]
    return {"Memory span: the length at which test accuracy falls through one half": (head, rows)}


def _measured(one: Span) -> list[str]:
    """`80 (16): 0.61`: lengths near the span, replicas, mean accuracy."""
    near = [
        (length, values)
        for length, values in zip(one.lengths.tolist(), one.accuracy, strict=True)
        if one.low / 1.5 <= length <= one.high * 1.5 or not np.isfinite(one.high)
    ]
    return [f"{length} ({len(values)}): {_mean(values):.2f}" for length, values in near[-4:]]


def furthest(found: Sweep) -> str:
    """Cells by their memory span, the longest first."""
    known, _ = _apart(found)
    if not known:
        return ""
    told = ", ".join(together({name: said(one) for name, one in known.items()}))
    return (
        "Memory span, the length at which test accuracy falls through one half, each cell at its "
        f"best learning rate: {told}."
    )


def memory_spans(found: Sweep) -> dict[str, Figure]:
    """Where cells, learning rates and lengths vary."""
    if "data.length" not in found.varied or not {"model", "lr"} & set(found.varied):
        return {}
    rows, by_heart = _apart(found)
    if not rows:
        return {}
    made = [
        Row(
            name=name,
            told=said(one),
            ends=(one.low, one.span, one.high),
            above=above,
            lengths=one.lengths,
            accuracy=one.accuracy,
            by_heart=(other.low, other.span, other.high) if other else None,
        )
        for (name, one), other, above in zip(
            rows.items(), by_heart, surer([*rows.values()]), strict=True
        )
    ]
    return {"memory_span": spans_figure(made)}


def _apart(found: Sweep) -> tuple[dict[str, Span], list[Span | None]]:
    """Of a sweep on fresh examples and on a few that can be learnt by heart: spans on fresh ones by
    what else varies, and beside each the one by heart. Of any other all, and none beside.
    """
    if FRESHLY in found.varied:
        fresh, by_heart = (
            {one.model: one for one in spans(_trained(found, freshly))} for freshly in (True, False)
        )
        if fresh and by_heart:
            return fresh, [by_heart.get(name) for name in fresh]
    made = spans(found)
    return {one.model: one for one in made}, [None] * len(made)


def _trained(found: Sweep, freshly: bool) -> Sweep:
    """The jobs on examples of one kind, in which neither that nor what goes with it varies."""
    jobs = [job for job in found.jobs if job.settings.get(FRESHLY) is freshly]
    still = [key for key in found.varied if len({str(job.settings.get(key)) for job in jobs}) > 1]
    return replace(found, jobs=jobs, varied=still)
