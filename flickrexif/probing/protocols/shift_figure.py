"""The figure of a map of shifts: a heat map of similarities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flickrexif.probing.reporting.figure import QUIET_COLOUR

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from flickrexif.probing.protocols.shift_report import ShiftMap

LEAST_SPAN = 1e-6
"""A map that varies less is drawn on the scale from 0 to 1: its pattern is rounding."""


def draw(found: ShiftMap, target: Path) -> None:
    """Draw ``found`` as a PNG file at ``target``; equal maps give equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(6.5, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    least, half = found.minimum[0], found.plan.stride / 2
    left, right, top, bottom = *_ends(found.dx, half), *_ends(found.dy, half)
    shown = axes.imshow(
        found.similarity,
        extent=(left, right, bottom, top),
        vmin=least if 1 - least > LEAST_SPAN else 0,
        vmax=1,
        cmap="viridis",
    )
    side = 2 * (found.plan.radius // found.plan.stride) * found.plan.stride + 2 * half
    axes.add_patch(Rectangle((-side / 2, -side / 2), side, side, fill=False, color=QUIET_COLOUR))
    axes.plot(0, 0, marker="+", color=QUIET_COLOUR)
    axes.set_xlabel(f"dx, px ({found.plan.mode}; frame: local)")
    axes.set_ylabel("dy, px")
    axes.set_title(
        f"{found.subject}, encoder {found.encoder}: local {found.local_similarity:.4f}, "
        f"global {found.global_similarity:.4f}",
        fontsize="medium",
        parse_math=False,
    )
    figure.colorbar(shown, ax=axes, label="cosine similarity to the centre")
    figure.savefig(target, format="png", dpi=150, metadata={"Software": None})


def _ends(offsets: NDArray[Any], half: float) -> tuple[float, float]:
    return float(offsets[0]) - half, float(offsets[-1]) + half
