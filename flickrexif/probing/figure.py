"""The figure of a report: accuracies with their intervals, against chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.probing.report import ProbeReport

INCHES_PER_ATTRIBUTE = 0.42
ABOVE_COLOUR, OTHER_COLOUR, QUIET_COLOUR = "#1b6ca8", "#9a9a9a", "#444444"


def draw(report: ProbeReport, target: Path) -> None:
    """Draw ``report`` as a PNG file at ``target``; equal reports give equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    results = report.results
    figure = Figure(figsize=(7.5, 1.6 + INCHES_PER_ATTRIBUTE * len(results)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for place, result in enumerate(results):
        colour = ABOVE_COLOUR if result.above_chance else OTHER_COLOUR
        around = [[result.accuracy - result.low], [result.high - result.accuracy]]
        axes.errorbar(
            result.accuracy, place, xerr=around, fmt="o", color=colour, capsize=3, zorder=3
        )
        axes.plot([result.chance] * 2, [place - 0.35, place + 0.35], color=QUIET_COLOUR, lw=1.5)
        axes.plot(result.shuffled, place, marker="x", color=QUIET_COLOUR, ms=5)
    several = len(report.encoders) > 1
    names = [
        f"{f'{result.encoder}: ' if several else ''}{result.attribute} ({result.classes})"
        for result in results
    ]
    axes.set_yticks(range(len(results)), names)
    axes.set_ylim(len(results) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("test accuracy, 95 % interval over owners; bar: chance, cross: shuffled labels")
    told = "" if several else f", encoder {results[0].encoder}"
    axes.set_title(f"{report.release} {report.version}{told}".strip())
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(target, format="png", dpi=150, metadata={"Software": None})
