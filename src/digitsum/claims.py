"""The blog's six claims, judged: measured numbers with intervals, the test, a verdict.

A claim about several lengths is confirmed only where every one of them confirms it, so that the
largest p-value decides and none needs a correction (an intersection-union test, Berger 1982).
"""

from typing import NamedTuple

import numpy as np

from digitsum.collected import Array, Sweep
from digitsum.explosion import exploded
from digitsum.judgement import ALPHA, Judgement, all_hold, compared_at
from digitsum.statistics import difference, probability, slope, summarise
from digitsum.turning import TURNS, dip_probability, turning_points

LR = 0.001

CLAIMS = {
    "1": "The plain SRN forgets: accuracy falls as length grows.",
    "2": "The residual connection at lr 0.001 keeps basically all lengths above 0.8 and closes "
    "the gap between train and dev loss.",
    "3": "Learning rates 0.01 and 0.1 are bad; 0.0001 underfits, and there length 35 does best.",
    "4": "Accuracy is not monotone in length: a turning point near 25 or 30.",
    "5": "Gradients explode under SGD, lr 0.2, summed loss; clipping at 20 cures it.",
    "6": "The LSTM is the real answer: clearly above the SRN, though falling too.",
}


def judge(found: Sweep) -> list[Judgement]:
    """All parts of claims that the sweep has the jobs for."""
    judges = (_forgets, _residual, _rates, _turns, _explodes, _lstm)
    return [judgement for one in judges for judgement in one(found)]


class Curve(NamedTuple):
    lengths: Array
    values: Array

    @property
    def enough(self) -> bool:
        """At least three lengths, two replicas, none diverged."""
        return self.values.ndim == 2 and len(self.lengths) >= 3 and self.values.shape[1] >= 2

    def at(self, length: int) -> Array:
        return np.asarray(self.values[list(self.lengths).index(length)])

    def listed(self) -> str:
        means = [summarise(row.tolist()) for row in self.values]
        return "; ".join(
            f"{length}: {one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]"
            for length, one in zip(self.lengths, means, strict=True)
        )


def _by_length(found: Sweep, model: str, measure: str = "test_accuracy", lr: float = LR) -> Curve:
    """Lengths and values [lengths, R] of one cell at one learning rate, as the blog runs it."""
    jobs = [
        job
        for job in found.only(model=model, lr=lr, embedding="frozen", optimizer="adam")
        if job.settings["data.shuffle"] is False and job.settings["model.hidden_size"] == 32
    ]
    if len({job.settings["init"] for job in jobs}) > 1:
        jobs = [job for job in jobs if job.settings["init"] == "zeros"]
    jobs.sort(key=lambda job: job.settings["data.length"])
    replicas = min((len(job.values(measure)) for job in jobs), default=0)
    values = np.array([job.values(measure)[:replicas] for job in jobs])
    return Curve(np.array([job.settings["data.length"] for job in jobs]), values)


def _falls(claim: str, name: str, curve: Curve) -> Judgement:
    found = slope(curve.lengths, curve.values)
    numbers = (
        f"{10 * found.slope:+.3f} [{10 * found.low:+.3f}, {10 * found.high:+.3f}] accuracy per "
        f"ten digits; mean at {curve.listed()}"
    )
    test = f"permutation of lengths, {probability(found.p)}, n = {curve.values.size}"
    verdict = all_hold([found.high < 0 and found.p < ALPHA], [found.low >= 0])
    return Judgement(claim, f"{name}: accuracy falls with length", numbers, test, verdict)


def _forgets(found: Sweep) -> list[Judgement]:
    curve = _by_length(found, "srn")
    return [_falls("1", "plain SRN", curve)] if curve.enough else []


def _residual(found: Sweep) -> list[Judgement]:
    curve = _by_length(found, "srn_residual")
    if not curve.enough:
        return []
    bounds = [summarise(row.tolist()) for row in curve.values]
    judged = [
        Judgement(
            "2",
            "residual SRN above 0.8 at every length",
            curve.listed(),
            f"95 % bootstrap interval against 0.8, n = {curve.values.shape[1]} a length",
            all_hold([one.low > 0.8 for one in bounds], [one.high < 0.8 for one in bounds]),
        )
    ]
    plain = _by_length(found, "srn")
    if plain.enough and list(plain.lengths) == list(curve.lengths):
        gaps = [
            _by_length(found, model, "final_dev_loss").values
            - _by_length(found, model, "final_train_loss").values
            for model in ("srn", "srn_residual")
        ]
        compared = [difference(a, b) for a, b in zip(*gaps, strict=True)]
        judged.append(
            compared_at(
                "2",
                "the gap (dev minus train loss at the end) is smaller than the plain SRN's",
                curve.lengths,
                compared,
            )
        )
    return judged


def _rates(found: Sweep) -> list[Judgement]:
    usual = _by_length(found, "srn_residual")
    judged = []
    for lr in (0.1, 0.01):
        other = _by_length(found, "srn_residual", lr=lr)
        if usual.enough and other.enough and list(usual.lengths) == list(other.lengths):
            pairs = zip(usual.values, other.values, strict=True)
            compared = [difference(a, b) for a, b in pairs]
            part = f"residual SRN: lr {LR:g} minus lr {lr:g}, test accuracy"
            judged.append(compared_at("3", part, usual.lengths, compared))
    low = _by_length(found, "srn_residual", lr=0.0001)
    if usual.enough and low.enough:
        fit = [_by_length(found, "srn_residual", "final_train_loss", lr) for lr in (0.0001, LR)]
        compared = [difference(a, b) for a, b in zip(fit[0].values, fit[1].values, strict=True)]
        part = "lr 0.0001 underfits: final train loss minus that at 0.001"
        judged.append(compared_at("3", part, low.lengths, compared))
    if low.enough and 35 in low.lengths:
        others = [length for length in low.lengths if length != 35]
        compared = [difference(low.at(35), low.at(length)) for length in others]
        part = "at lr 0.0001 length 35 is above every other length"
        judged.append(compared_at("3", part, np.array(others), compared))
    return judged


def _turns(found: Sweep) -> list[Judgement]:
    judged = []
    for model, name in (("srn_residual", "residual SRN"), ("srn", "plain SRN")):
        curve = _by_length(found, model)
        if not curve.enough or not set(TURNS) <= set(curve.lengths):
            continue
        share = turning_points(curve.lengths, curve.values)
        single = ", ".join(f"{length}: {share.single[length]:.0%}" for length in TURNS)
        mean = ", ".join(f"{length}: {share.mean[length]:.0%}" for length in TURNS)
        p = {length: dip_probability(curve.lengths, curve.values, length) for length in TURNS}
        listed = ", ".join(f"{length}: {probability(p[length])}" for length in TURNS)
        replicas = curve.values.shape[1]
        judged.append(
            Judgement(
                "4",
                f"{name}: a turning point at 20, 25 or 30",
                f"seen somewhere in {share.any_single:.0%} of single-seed curves and "
                f"{share.any_mean:.0%} of resampled {replicas}-replica means; single seed "
                f"{single}; mean {mean}",
                f"permutation against both neighbours, at {listed} (each six times the "
                f"larger of two), n = {replicas} a length; refuted where none is below 0.05 and "
                "under 5 % of resampled means turn",
                all_hold([min(p.values()) < ALPHA], [max(share.mean.values()) < 0.05]),
            )
        )
    return judged


def _explodes(found: Sweep) -> list[Judgement]:
    judged = []
    for model, name in (("srn", "plain SRN"), ("srn_residual", "residual SRN")):
        jobs = {
            job.settings["clip.value"]: job
            for job in found.only(model=model, optimizer="sgd", loss_reduction="sum")
            if job.arrays("gradient_norms")
        }
        if "null" in jobs:
            judged += exploded(jobs["null"], jobs.get(20), name)
    return judged


def _lstm(found: Sweep) -> list[Judgement]:
    curve = _by_length(found, "lstm")
    if not curve.enough:
        return []
    judged = []
    for model, name in (("srn", "plain SRN"), ("srn_residual", "residual SRN"), ("gru", "GRU")):
        other = _by_length(found, model)
        if other.enough and list(other.lengths) == list(curve.lengths):
            compared = [difference(a, b) for a, b in zip(curve.values, other.values, strict=True)]
            part = f"LSTM minus {name}, test accuracy"
            judged.append(compared_at("6", part, curve.lengths, compared))
    return [*judged, _falls("6", "LSTM", curve)]
