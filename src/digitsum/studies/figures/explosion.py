"""Explosion, then saturation, then vanishing, in one picture: clipped beside unclipped."""

from typing import NamedTuple

from matplotlib.figure import Figure

from digitsum.figures.gradient_norms import FLOOR, median_band
from digitsum.figures.style import LOOKS, band, figure, styled
from digitsum.studies.collected import Sweep
from digitsum.studies.explosion import FIRST
from digitsum.studies.jobs import Array, Job


class Looked(NamedTuple):
    """A job and what its probes recorded."""

    job: Job
    norms: dict[str, Array]
    saturation: dict[str, Array]


def explosion(found: Sweep) -> dict[str, Figure]:
    """A figure for each cell whose gradients and saturation were recorded over clip values, and
    one more for fresh examples.
    """
    by_model: dict[str, list[Looked]] = {}
    for job in found.complete if "clip.value" in found.varied else []:
        if job.recorded("gradient_norms") and job.recorded("saturation"):
            looked = Looked(job, job.arrays("gradient_norms"), job.arrays("saturation"))
            if "U" in looked.norms["names"]:
                fresh = "_fresh" if job.settings.get("data.fresh") else ""
                by_model.setdefault(f"{job.settings['model']}{fresh}", []).append(looked)
    return {
        f"explosion_{model}": _columns(jobs, model.replace("_fresh", ", fresh examples"))
        for model, jobs in by_model.items()
    }


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
