"""Do gradients explode, does clipping cure it, and is it learning? From recorded gradient norms."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.gradient_norms import FLOOR, median_band
from digitsum.figures.style import LOOKS, band, figure, styled
from digitsum.questions.curves import On, on_both, trained_on
from digitsum.questions.forest import Forest, rows
from digitsum.questions.judgement import MARGIN, Claim, Judgement, decide, rests_on
from digitsum.statistics import (
    difference,
    probability,
    resampled_means,
    summarise,
    with_interval,
)
from digitsum.sweeps.collected import Sweep
from digitsum.sweeps.jobs import Array, Job

FIRST = 40  # steps that the blog's figure shows
LATE = 0.6  # of the run: what comes after the explosion
DEAD = 1e-6
WORDS = "Gradients explode under SGD, lr 0.2, summed loss; clipping at 20 cures it."
TENFOLD = 1.0  # log10
GROWTH = "log10 growth of ||dU||"
UNCLIPPED, CLIPPED, APART = "unclipped", "clipped at 20", "difference"


def by_clip(jobs: Iterable[Job]) -> dict[str | int | float, Job]:
    """Jobs that recorded their gradients' norms, by clip value; `null` clips nothing."""
    return {job.settings["clip.value"]: job for job in jobs if job.recorded("gradient_norms")}


def _by_kind(found: Sweep) -> dict[tuple[str, bool], list[Job]]:
    """Jobs by cell, and by whether their examples were fresh."""
    kinds: dict[tuple[str, bool], list[Job]] = {}
    for job in found.complete:
        kind = job.settings["model"], bool(job.settings.get("data.fresh"))
        kinds.setdefault(kind, []).append(job)
    return kinds


def _norms(job: Job) -> tuple[Array, Array]:
    """||dU|| at every step and the global norm at the first, before clipping: [S, R] and [R]."""
    arrays = job.arrays("gradient_norms")
    index = list(arrays["names"]).index("U")
    return arrays["before"][:, index], arrays["global_before"][0]


def largest(job: Job) -> Array:
    """The largest finite ||dU|| of the first 40 steps: [R]."""
    norms, _ = _norms(job)
    return np.asarray(np.nanmax(np.where(np.isfinite(norms[:FIRST]), norms[:FIRST], np.nan), 0))


def growth(job: Job) -> Array:
    """log10 of the largest ||dU|| in the first 40 steps by the first step's global norm: [R]."""
    return np.asarray(np.log10(largest(job) / _norms(job)[1]))


def dead(job: Job) -> Array:
    """The fraction of late steps at which ||dU|| is below 1e-6: [R]."""
    norms, _ = _norms(job)
    late = norms[-int(LATE * len(norms)) :]
    return np.asarray((late < DEAD).mean(0))


def exploding(found: Sweep) -> str:
    """Of each cell: growth, what dies after it, and what clipping changes."""
    told = [
        _told(f"{model} on fresh examples" if fresh else model, by_clip(jobs))
        for (model, fresh), jobs in _by_kind(found).items()
    ]
    return "\n".join(filter(None, told))


def _told(name: str, jobs: dict[str | int | float, Job]) -> str:
    if "null" not in jobs:
        return ""
    free = jobs["null"]
    grown = summarise(growth(free).tolist())
    factor, low, high = (f"{10**power:,.0f}" for power in (grown.mean, grown.low, grown.high))
    words = (
        f"{name}: unclipped, ||dU|| grows {factor}-fold [{low}, {high}] within {FIRST} steps, and "
        f"{_dead(free)} of late steps are dead"
    )
    for value, job in jobs.items():
        if value != "null":
            words += f"; clipped at {value:g}, {_dead(job)} (test accuracy {job.tested})"
    return f"{words}; by chance {free.by_chance}."


def _dead(job: Job) -> str:
    return f"{summarise(dead(job).tolist()).mean:.0%}"


def gradients_explode(found: Sweep) -> Claim:
    return Claim("5", WORDS, on_both(found, _judged))


def _judged(found: Sweep, on: On) -> list[Judgement]:
    judged = []
    for model, name in (("srn", "plain SRN"), ("srn_residual", "residual SRN")):
        known = found.only(model=model, optimizer="sgd", loss_reduction="sum")
        jobs = by_clip([job for job in known if trained_on(job.settings, on)])
        if "null" in jobs:
            judged += _exploded(jobs["null"], jobs.get(20), name)
    return judged


def _exploded(free: Job, clipped: Job | None, name: str) -> list[Judgement]:
    """Judge an unclipped job, beside one clipped at 20 where there is one."""
    judged = [_grows(free, name)]
    if clipped is not None:
        judged += [
            _tamed(free, clipped, name),
            _vanishes(free, clipped, name),
            _learns(clipped, name),
        ]
    return judged


def _grows(free: Job, name: str) -> Judgement:
    grown = summarise(growth(free).tolist())
    median = f"median over replicas of the largest ||dU||: {np.median(largest(free)):,.0f}"
    return Judgement(
        f"{name}: unclipped, the largest ||dU|| of the first {FIRST} steps is over ten times the "
        "first step's global norm",
        f"log10 growth {with_interval(grown.mean, grown.low, grown.high, '.2f')}; {median}",
        f"95 % bootstrap interval against 1, n = {grown.replicas}",
        decide([resampled_means(growth(free) - TENFOLD, np.random.default_rng(0))]),
        Forest(GROWTH, rows([UNCLIPPED], [grown]), TENFOLD, axis=""),
        aside=median,
    )


def _tamed(free: Job, clipped: Job, name: str) -> Judgement:
    fewer = difference(growth(free), growth(clipped))
    median = f"median of the largest ||dU|| with clipping: {np.median(largest(clipped)):,.0f}"
    return Judgement(
        f"{name}: clipping at 20 makes gradients smaller even before they are clipped",
        "log10 growth, unclipped minus clipped, "
        f"{with_interval(fewer.mean, fewer.low, fewer.high, '.2f', '+')}; {median}",
        f"permutation, {probability(fewer.p)}, n = {fewer.sizes[0]} and {fewer.sizes[1]}",
        decide([fewer.draws]),
        Forest(GROWTH, rows([APART], [fewer]), signed=True, axis=""),
        aside=median,
    )


def _vanishes(free: Job, clipped: Job, name: str) -> Judgement:
    lost = [summarise(dead(job).tolist()) for job in (free, clipped)]
    fewer = difference(dead(free), dead(clipped))
    return Judgement(
        f"{name}: unclipped, gradients vanish after the explosion (||dU|| < 1e-6), clipped less",
        "; ".join(
            f"{words} {one} of late steps"
            for words, one in zip(("unclipped", "clipped"), lost, strict=True)
        ),
        f"permutation, {probability(fewer.p)}, n = {fewer.sizes[0]} and {fewer.sizes[1]}",
        decide([fewer.draws]),
        Forest("fraction of late steps", rows([APART], [fewer]), signed=True, axis=""),
        rows([UNCLIPPED, CLIPPED], lost),
    )


def _learns(clipped: Job, name: str) -> Judgement:
    values = clipped.values("test_accuracy")
    learned, chance = summarise(values.tolist()), clipped.chance
    above = [resampled_means(values - chance, np.random.default_rng(0))]
    return Judgement(
        f"{name}: with clipping at 20 these settings learn (test accuracy above chance)",
        str(learned),
        f"95 % bootstrap interval against {chance:.2f}, n = {learned.replicas}"
        + rests_on(above, MARGIN),
        decide(above, MARGIN),
        Forest("test accuracy", rows([CLIPPED], [learned]), chance, axis="", margin=MARGIN),
    )


class Looked(NamedTuple):
    """A job and what its probes recorded."""

    job: Job
    norms: dict[str, Array]
    saturation: dict[str, Array]


def explosion(found: Sweep) -> dict[str, Figure]:
    """A figure for each cell whose gradients and saturation were recorded over clip values, and
    one more for fresh examples.
    """
    made = {}
    for (model, fresh), jobs in _by_kind(found).items() if "clip.value" in found.varied else ():
        if looked := [one for one in map(_looked, jobs) if one is not None]:
            name, title = (
                (f"{model}_fresh", f"{model}, fresh examples") if fresh else (model, model)
            )
            made[f"explosion_{name}"] = _columns(looked, title)
    return made


def _looked(job: Job) -> Looked | None:
    """None where the job recorded too little."""
    if not (job.recorded("gradient_norms") and job.recorded("saturation")):
        return None
    looked = Looked(job, job.arrays("gradient_norms"), job.arrays("saturation"))
    return looked if "U" in looked.norms["names"] else None


def _columns(jobs: list[Looked], title: str) -> Figure:
    """One column a job (a clip value), three rows: gradients at first, saturation, gradients."""
    with styled():
        made = figure(3.3 * len(jobs) + 0.4, 7.6)
        grid = made.subplots(3, len(jobs), sharey="row", squeeze=False)
        for column, (job, norms, saturation) in zip(grid.T, jobs, strict=True):
            value = job.settings["clip.value"]
            column[0].set_title("unclipped" if value == "null" else f"clipped at {value:g}")
            for look, name in zip(LOOKS, ("W", "U", "b"), strict=False):
                values = norms["before"][:, list(norms["names"]).index(name)]
                label = f"gradient of {name}"
                median_band(column[0], norms["step"][:FIRST], values[:FIRST], look, label)
                median_band(column[2], norms["step"], values, look, label)
            column[0].set_xlabel(f"optimizer step (the first {FIRST})")
            band(column[1], saturation["step"], saturation["fraction"], LOOKS[0], "saturated")
            column[1].set_xlabel("optimizer step")
            column[2].set_xlabel("optimizer step")
            for axes in (column[0], column[2]):
                axes.set_yscale("log")
                axes.set_ylim(bottom=FLOOR)
        grid[0][0].set_ylabel("L2 norm before clipping")
        grid[1][0].set_ylabel("fraction of units\nwith |tanh| > 0.99")
        grid[1][0].set_ylim(0, 1.04)
        grid[2][0].set_ylabel("L2 norm before clipping")
        replicas = len(jobs[0].job.values("test_accuracy"))
        handles, labels = grid[0][0].get_legend_handles_labels()
        made.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=3,
            title=f"{title}, {replicas} replicas. Norms: median, 10th to 90th percentile. "
            "Saturation: mean, 95 % interval",
            title_fontsize=8,
        )
    return made
