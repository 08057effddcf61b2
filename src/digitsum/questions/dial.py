"""The dial between the plain and the residual SRN (`model.skip`): where on it is best, and whether
memory rises with it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.questions.forest import Forest, Row
from digitsum.questions.judgement import MARGIN, Claim, Judgement, decide, rests_on
from digitsum.statistics import resampled_means, slope_weights
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import LENGTH, Array, Job

SKIP = "model.skip"
WORDS = "The more of the state is carried over (s from 0 to 1), the further back the SRN remembers."


class Dial(NamedTuple):
    """At one length: values of s ascending [S], and the job at each."""

    length: int
    skips: Array
    jobs: list[Job]

    def values(self, measure: Callable[[Job], Array]) -> Array:
        """A measure [R] of each job: [S, R]."""
        rows = [measure(job) for job in self.jobs]
        width = min(len(row) for row in rows)
        return np.stack([row[:width] for row in rows])

    def recorded(self, name: str) -> bool:
        """Whether every job recorded arrays of this name."""
        return all(job.recorded(name) for job in self.jobs)


def dials(found: Sweep) -> list[Dial]:
    """One for each length at which three values of s or more are complete."""
    by_length: dict[int, list[Job]] = {}
    for job in found.only(model="srn_skip"):
        by_length.setdefault(job.settings[LENGTH], []).append(job)
    made = []
    for length, jobs in sorted(by_length.items()):
        jobs = sorted(jobs, key=lambda job: float(job.settings[SKIP]))
        skips = np.array([float(job.settings[SKIP]) for job in jobs])
        if len(set(skips)) == len(skips) >= 3:
            made.append(Dial(length, skips, jobs))
    return made


def accuracy(job: Job) -> Array:
    return job.values("test_accuracy")


def first_digit_gradient(job: Job) -> Array:
    """log10 of the gradient's norm by the state after the first digit, over the last's: [R]."""
    norms = job.arrays("gradient_flow")["norms"][-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log10(np.maximum(norms[:, 0], 1e-30) / norms[:, -1])
    return np.asarray(ratio)


def lyapunov(job: Job) -> Array:
    """The leading Lyapunov exponent, nats per time step, at the last look: [R]."""
    return np.asarray(job.arrays("spectrum")["lyapunov"][-1])


def best_skips(found: Sweep) -> dict[str, tuple[list[str], list[list[str]]]]:
    """A table: the s that is best on dev at each length, and how sure that is."""
    rows = []
    for dial in dials(found):
        dev = dial.values(lambda job: job.values("best_dev_accuracy"))
        stream = np.random.default_rng(0)
        drawn = np.stack([resampled_means(row[np.isfinite(row)], stream) for row in dev])
        best = int(np.nanargmax(np.nanmean(dev, 1)))
        chosen = dial.skips[drawn.argmax(0)]
        low, high = np.quantile(chosen, [0.025, 0.975], method="inverted_cdf")
        test = float(np.nanmean(accuracy(dial.jobs[best])))
        share = float((chosen == dial.skips[best]).mean())
        where = [f"{dial.length}", f"{dial.skips[best]:g}", f"{low:g} - {high:g}"]
        rows.append([*where, f"{share:.0%}", f"{test:.3f}"])
    head = ["length", "best s on dev", "95 % interval", "of resamples", "its test accuracy"]
    return {"Where the best s lies": (head, rows)} if rows else {}


def rising(dial: Dial, measure: Callable[[Job], Array]) -> Array:
    """Bootstrap draws of the least-squares change of a measure over the whole dial, s = 0 to 1."""
    values, stream = dial.values(measure), np.random.default_rng(0)
    rows: Sequence[Array] = [row[np.isfinite(row)] for row in values]
    return np.asarray(
        slope_weights(dial.skips) @ np.stack([resampled_means(row, stream) for row in rows])
    )


def best_on_the_dial(found: Sweep) -> str:
    """At the shortest and the longest length."""
    for _, rows in best_skips(found).values():
        told = [
            f"at length {length} the best s on dev is {best} (95 %: {interval}), "
            f"with test accuracy {test}"
            for length, best, interval, _, test in (rows[:1] + rows[-1:] if rows[1:] else rows)
        ]
        words = "; ".join(told)
        return f"{words[:1].upper()}{words[1:]}."
    return ""


def skip_remembers(found: Sweep) -> Claim:
    known = dials(found)
    flowing = [dial for dial in known if dial.recorded("gradient_flow")]
    judged = []
    if known:
        part = "over the whole dial test accuracy rises, at every length"
        judged.append(_rises(part, known, accuracy, MARGIN))
    if flowing:
        part = "over the whole dial the gradient that reaches the first digit "
        part += "(log10, against the last) rises"
        judged.append(_rises(part, flowing, first_digit_gradient, None))
    return Claim("skip", WORDS, judged)


def _rises(
    part: str, known: list[Dial], measure: Callable[[Job], Array], margin: float | None
) -> Judgement:
    draws = [rising(dial, measure) for dial in known]
    changes = [
        Row(f"{dial.length}", one.mean(), *np.quantile(one, [0.025, 0.975]))
        for dial, one in zip(known, draws, strict=True)
    ]
    forest = Forest("change from s = 0 to 1", changes, signed=True, margin=margin or 0.0)
    count = len(known[0].values(measure)[0])
    test = f"least squares over s, 95 % bootstrap interval, n = {count} each"
    test += rests_on(draws, margin)
    numbers = f"change over the whole dial at {forest.listed()}"
    return Judgement(part, numbers, test, decide(draws, margin), forest)


PANELS = (
    ("test accuracy", accuracy, None),
    ("log10 of the gradient's norm at\nthe first digit, over the last", first_digit_gradient, 0.0),
    ("leading Lyapunov exponent\n(nats per time step)", lyapunov, 0.0),
)
NEEDED = {first_digit_gradient: "gradient_flow", lyapunov: "spectrum"}


def skip(found: Sweep) -> dict[str, Figure]:
    """A panel for each measure, a line for each length."""
    known = dials(found)
    if not known:
        return {}
    with styled():
        made = figure(11, 4.2)
        for axes, (words, measure, zero) in zip(made.subplots(1, 3), PANELS, strict=True):
            axes.set_title(words, fontsize=9)
            axes.set_xlabel("s: how much of the state is carried over")
            for look, dial in zip(LOOKS, known, strict=False):
                needs = NEEDED.get(measure)
                if needs is not None and not dial.recorded(needs):
                    continue
                values = np.where(np.isfinite(v := dial.values(measure)), v, np.nan)
                # Steps near 1 matter most, so the axis counts places on the dial.
                told = [f"s = {s:g}" for s in dial.skips]
                band(axes, range(len(values)), values, look, f"length {dial.length}", True, told)
            places = known[0].skips
            axes.set_xticks(range(len(places)), [f"{s:g}" for s in places])
            if zero is None:
                axes.set_ylim(0, 1.04)
                chance_line(axes, known[0].jobs[0].chance)
            else:
                axes.axhline(zero, color="0.4", linewidth=0.8, linestyle=":")
        handles, labels = made.axes[0].get_legend_handles_labels()
        made.legend(handles, labels, loc="outside upper center", ncols=7, fontsize=8)
        replicas = len(known[0].jobs[0].replicas)
        made.supxlabel(f"{replicas} replicas: mean and 95 % bootstrap interval", fontsize=7)
    return {"skip": made}
