"""The findings in a line each, for whoever opens the README."""

import re

import numpy as np
from findings import claims, deepest, middle

from digitsum.questions.explosion import by_clip, dead
from digitsum.sweeps.collected import Sweep


def _count(found: Sweep) -> str:
    """Of replicas in a job."""
    return f"{len(found.complete[0].replicas)} replicas"


def short(sweeps: list[Sweep]) -> str:
    """These lines; empty where a study is missing. Memory spans are told by `make_spans`."""
    by_study = {found.study or "": found for found in sweeps}
    needed = ("accuracy_vs_length", "initialisation", "skip", "gradient_explosion")
    if any(name not in by_study for name in needed):
        return ""
    lengths, start, dial, explosion = (by_study[name] for name in needed)
    at = middle(start)
    by_init = {job.settings["init"]: job.tested for job in start.only(data_length=at)}
    (turning,) = (claim for claim in claims(lengths) if claim.name == "4")
    residual = turning.judgements[0]
    alone = re.search(r"in (\d+%) of curves", residual.numbers)
    assert alone is not None
    replicas = len(lengths.complete[0].replicas)
    far = max(job.settings["data.length"] for job in lengths.complete)
    ends = {job.settings["model"]: job.tested for job in lengths.only(data_length=far)}
    fall = deepest(dial)
    uneven = fall and (
        f" Between plain and residual the way isn't smooth: at length {fall.length} carrying over "
        f"{fall.after:g} of the state is worse than {fall.before:g}, by {fall} ({_count(dial)})."
    )
    jobs = by_clip(explosion.only(model="srn"))
    lost = {value: float(np.mean(dead(job))) for value, job in jobs.items()}
    return "\n".join(
        [
            f"1. **Much of the plain SRN's forgetting is its start**: at length {at} test accuracy "
            f"is {by_init['zeros']} from zeros, {by_init['orthogonal']} from an orthogonal start "
            f"({_count(start)}).",
            f"2. **The turning point in the textbook's curve is {residual.verdict}** by {replicas} "
            f"replicas, though {alone[1]} of single seeds show one.",
            f"3. **The residual SRN is above the LSTM** at lr 0.001: at length {far} "
            f"{ends['srn_residual']} against {ends['lstm']} ({_count(lengths)}).{uneven or ''}",
            f"4. **Clipping at 20 keeps the gradient alive but teaches nothing**: dead late steps "
            f"fall from {lost['null']:.0%} to {lost[20]:.0%}, test accuracy stays at "
            f"{jobs[20].tested}, by chance 0.10 ({_count(explosion)}).",
            "",
        ]
    )
