"""The dial between the plain and the residual SRN: accuracy, gradient and spectrum against s."""

import numpy as np
from matplotlib.figure import Figure

from digitsum.figures.style import LOOKS, band, chance_line, figure, styled
from digitsum.studies.collected import Sweep
from digitsum.studies.dial import accuracy, dials, first_digit_gradient, lyapunov

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
