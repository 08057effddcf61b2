"""What a figure shows, in lines that can be held to those of before."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from digitsum.figures.hover import BETWEEN, HOVER


def numbers(values: Any) -> str:
    """To three digits, at most a dozen of them and how many there are."""
    flat = np.ma.filled(np.ma.asarray(values, float), np.nan).ravel()
    kept = flat[:: -(-len(flat) // 12)] if len(flat) else flat
    return f"{len(flat)}: " + " ".join(f"{0.0 if abs(one) < 1e-12 else one:.3g}" for one in kept)


def shaded(shown: AxesImage | QuadMesh) -> str:
    """A picture's values by their means over columns and over rows, and which are the ends."""
    values = np.ma.filled(np.ma.asarray(shown.get_array(), float), np.nan)
    low, high = shown.get_clim()
    kept = np.nan_to_num(values.reshape(-1, values.shape[-1]), nan=-1.0)
    means = f"down {numbers(kept.mean(1))}, across {numbers(kept.mean(0))}"
    return f"{values.shape}, {means}, from {low:.3g} to {high:.3g}"


def pointed(artist: Artist) -> Iterator[str]:
    """What is told where the pointer rests on it."""
    told = (artist.get_gid() or "").removeprefix(HOVER)
    yield from (f"      told {one}" for one in told.split(BETWEEN) if one)


def on_axes(axes: Axes) -> Iterator[str]:
    if not axes.get_visible():
        yield "  hidden"
        return
    labels = axes.get_title(), axes.get_xlabel(), axes.get_ylabel()
    yield f"  {labels} {axes.get_xscale()} {axes.get_yscale()}"
    yield f"    within {numbers([*axes.get_xlim(), *axes.get_ylim()])}"
    for axis in (axes.xaxis, axes.yaxis):
        told = [text.get_text() for text in axis.get_ticklabels()]
        if any(told):
            yield f"    ticks {told}"
    for line in axes.lines:
        name = str(line.get_label())
        hollow = line.get_markerfacecolor() != line.get_color()
        yield f"    line {'' if name.startswith('_') else name} {line.get_marker()} {hollow=}"
        yield f"      x {numbers(line.get_xdata())}"
        yield f"      y {numbers(line.get_ydata())}"
        yield from pointed(line)
    for one in axes.collections:
        if isinstance(one, QuadMesh):
            yield f"    map {shaded(one)}"
            continue
        for path in one.get_paths():
            yield f"    area {numbers(path.vertices)}"
    for bar in axes.patches:
        box = bar.get_bbox().extents if isinstance(bar, Rectangle) else bar.get_path().vertices
        yield f"    patch {numbers(box)}"
    for image in axes.images:
        yield f"    image {shaded(image)} {image.origin}"
    for text in axes.texts:
        yield f"    text {text.get_text()!r} {numbers(text.get_position())}"
    if legend := axes.get_legend():
        yield f"    legend {[text.get_text() for text in legend.get_texts()]}"


def on_figure(made: Figure) -> Iterator[str]:
    made.canvas.draw()
    words = [
        one for one in (made.get_suptitle(), made.get_supxlabel(), made.get_supylabel()) if one
    ]
    for legend in made.legends:
        words += [legend.get_title().get_text(), *(text.get_text() for text in legend.get_texts())]
    yield f"  {words}"
    for axes in made.axes:
        yield from on_axes(axes)


def hold(path: Path, now: Sequence[str]) -> None:
    """To what a file says; the first differences are told."""
    before = path.read_text(encoding="utf-8").splitlines()
    changed = [f"{old}\n  now {new}" for old, new in zip(before, now, strict=False) if old != new]
    assert not changed, "\n".join(changed[:5])
    assert len(now) == len(before)


def renew(path: Path, now: Iterable[str]) -> None:
    """Let a file say this from now on."""
    path.write_text("\n".join(now) + "\n", encoding="utf-8")
