"""The figure of a leak check: accuracy against mask ratio, with chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.probing.reporting.figure import (
    ABOVE_COLOUR,
    OTHER_COLOUR,
    QUIET_COLOUR,
    whiskers,
)

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.probing.protocols.leak_report import LeakReport


def draw(report: LeakReport, target: Path) -> None:
    """Draw ``report`` as a PNG file at ``target``; equal reports give equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    hidden, accuracies = (
        [getattr(r, name) for r in report.rows] for name in ("hidden", "accuracy")
    )
    axes.plot(hidden, accuracies, color=QUIET_COLOUR, lw=1, alpha=0.5)
    for row in report.rows:
        below, above = whiskers(row.accuracy, row.low, row.high)
        colour = ABOVE_COLOUR if row.above_chance else OTHER_COLOUR
        axes.errorbar(
            row.hidden, row.accuracy, yerr=[[below], [above]], fmt="o", color=colour, capsize=3
        )
    first = report.rows[0]
    axes.axhline(first.chance, color=QUIET_COLOUR, lw=1, ls="--", label="chance")
    axes.axhline(first.majority, color=QUIET_COLOUR, lw=1, ls=":", label="majority class")
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(0, 1)
    axes.set_xlabel(f"share of pixels hidden (mask {report.mask['geometry']})")
    axes.set_ylabel(f"test accuracy, 95 % interval over {report.drawn}")
    title = f"{report.images}, encoder {report.encoder}; grey: not above chance"
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right")
    figure.savefig(target, format="png", dpi=150, metadata={"Software": None})
