"""The figures of the protocols over processed images: accuracies with intervals, and chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flickrexif.probing.reporting.figure import (
    ABOVE_COLOUR,
    OTHER_COLOUR,
    QUIET_COLOUR,
    plain,
    whiskers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from flickrexif.probing.protocols.protocol_report import NeighboursReport, ProcessingReport
    from flickrexif.probing.protocols.protocol_rows import NeighboursRow, ProcessingRow

INCHES_PER_PANEL, MOST_INCHES = 3.4, 16.0
DODGE = 0.5
"""How far the encoders of one set-up stand apart, where set-ups are 1 apart."""


def draw_processing(report: ProcessingReport, target: Path) -> None:
    """One panel per family, one point per encoder; equal reports give equal bytes."""

    def panel(axes: Any, rows: Sequence[ProcessingRow]) -> None:
        for place, row in enumerate(rows):
            colour = ABOVE_COLOUR if row.above_chance else OTHER_COLOUR
            axes.errorbar(
                place, row.accuracy, yerr=_around([row]), fmt="o", color=colour, capsize=3
            )
            axes.plot(place, row.shuffled, marker="x", color=QUIET_COLOUR, ms=5)
        axes.set_xticks(range(len(rows)), [plain(row.encoder) for row in rows], rotation=90)
        axes.set_xlim(-0.7, len(rows) - 0.3)

    under = (
        "processing labels; dashed: chance, dotted: majority, cross: shuffled labels, "
        "grey: not above chance"
    )
    _draw(report.images, report.rows, panel, under, target)


def draw_neighbours(report: NeighboursReport, target: Path) -> None:
    """One panel per family, set-ups along it, a colour per encoder; equal reports, equal bytes."""

    def panel(axes: Any, rows: Sequence[NeighboursRow]) -> None:
        setups = list(dict.fromkeys(row.setup for row in rows))
        encoders = list(dict.fromkeys(row.encoder for row in rows))
        for turn, encoder in enumerate(encoders):
            of_it = [row for row in rows if row.encoder == encoder]
            shift = DODGE * (turn / max(1, len(encoders) - 1) - 0.5)
            places = [setups.index(row.setup) + shift for row in of_it]
            accuracies = [row.accuracy for row in of_it]
            around, label = _around(of_it), plain(encoder)
            axes.errorbar(places, accuracies, yerr=around, fmt="o", ms=4, lw=1, label=label)
        axes.set_xticks(range(len(setups)), setups, rotation=90)
        axes.set_xlim(-0.5, len(setups) - 0.5)

    under = f"kNN of what images show, k = {report.words['k']}; dashed: chance, dotted: majority"
    _draw(report.images, report.rows, panel, under, target)


def _draw(
    images: str,
    rows: Sequence[Any],
    panel: Callable[[Any, Sequence[Any]], None],
    under: str,
    target: Path,
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    families = list(dict.fromkeys(row.family for row in rows))
    width = min(MOST_INCHES, max(5.5, INCHES_PER_PANEL * len(families)))
    figure = Figure(figsize=(width, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(families), sharey=True, squeeze=False)[0]
    for axes, family in zip(panels, families, strict=True):
        of_it = [row for row in rows if row.family == family]
        panel(axes, of_it)
        axes.axhline(of_it[0].chance, color=QUIET_COLOUR, lw=1, ls="--")
        axes.axhline(of_it[0].majority, color=QUIET_COLOUR, lw=1, ls=":")
        axes.set_ylim(-0.03, 1.03)
        axes.set_title(family, fontsize="medium")
        axes.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("accuracy, 95 % interval")
    if panels[0].get_legend_handles_labels()[1]:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
    figure.suptitle(f"{images}: {under}", fontsize="medium", parse_math=False)
    figure.savefig(target, format="png", dpi=150, metadata={"Software": None})


def _around(rows: Sequence[ProcessingRow] | Sequence[NeighboursRow]) -> list[tuple[float, ...]]:
    """The intervals as matplotlib wants them: all below the accuracies, then all above."""
    each = [whiskers(row.accuracy, row.low, row.high) for row in rows]
    return list(zip(*each, strict=True))
