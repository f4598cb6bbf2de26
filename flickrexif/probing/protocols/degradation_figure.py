"""The figure of a degradation report: accuracy and confusions over the sweep, worst and best."""

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
    from pathlib import Path

    from flickrexif.probing.protocols.degradation_summary import DegradationReport

INCHES_PER_CLASS = 0.32


def draw(report: DegradationReport, target: Path) -> None:
    """Draw ``report`` as a PNG file at ``target``; equal reports give equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    bars = len(report.worst) + len(report.best)
    below = 1.2 + INCHES_PER_CLASS * bars
    figure = Figure(figsize=(10, 4.2 + below), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 2, height_ratios=(4.2, below))
    _accuracies(figure.add_subplot(grid[0, 0]), report)
    _curves(figure.add_subplot(grid[0, 1]), report)
    _classes(figure.add_subplot(grid[1, :]), report)
    title = f"{report.images}, {report.classifier}: {report.sweep.replace('_', ' ')}"
    figure.suptitle(title, fontsize="medium", parse_math=False)
    figure.savefig(target, format="png", dpi=150, metadata={"Software": None})


def _accuracies(axes: Any, report: DegradationReport) -> None:
    those = [row.accuracy for row in report.levels]
    around = [whiskers(one.value, one.low, one.high) for one in those]
    axes.errorbar(
        range(len(those)),
        [one.value for one in those],
        yerr=list(zip(*around, strict=True)),
        fmt="o-",
        color=ABOVE_COLOUR,
        capsize=3,
        lw=1,
    )
    axes.axhline(report.chance, color=QUIET_COLOUR, lw=1, ls="--", label="chance")
    axes.axhline(report.majority, color=QUIET_COLOUR, lw=1, ls=":", label="majority class")
    axes.set_ylim(0, 1.03)
    axes.set_ylabel(f"accuracy, 95 % interval over {report.intervals_over}")
    _along_levels(axes, report)


def _curves(axes: Any, report: DegradationReport) -> None:
    for curve in report.curves[: report.shown]:
        axes.plot(range(len(curve.auc)), curve.auc, marker="o", ms=4, lw=1, label=_pair(curve))
    axes.axhline(0.5, color=QUIET_COLOUR, lw=1, ls="--", label="confused")
    axes.set_ylim(0, 1.03)
    axes.set_ylabel("AUC by the new class's probability")
    _along_levels(axes, report)


def _classes(axes: Any, report: DegradationReport) -> None:
    standings = [*report.worst, *reversed(report.best)]
    for place, standing in enumerate(standings):
        colour = ABOVE_COLOUR if abs(standing.z) > 2 * standing.scatter else OTHER_COLOUR
        axes.barh(place, standing.z, xerr=standing.scatter, color=colour, ecolor=QUIET_COLOUR)
    names = [f"{plain(one.class_name)} ({one.images})" for one in standings]
    axes.set_yticks(range(len(standings)), names)
    axes.set_ylim(len(standings) - 0.5, -0.5)
    axes.axvline(0, color=QUIET_COLOUR, lw=1)
    axes.set_xlabel("mean z-score of the drop (right: hurt more); line: scatter of a random class")


def _along_levels(axes: Any, report: DegradationReport) -> None:
    names = [plain(row.level) for row in report.levels]
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize="small")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize="small")


def _pair(curve: Any) -> str:
    return f"{plain(curve.class_name)} as {plain(curve.said)}"
