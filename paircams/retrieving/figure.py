"""The figure of a report: recall@1 among the two kinds of negatives, against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flickrexif.probing.reporting.families import COLOURS
from paircams.retrieving.published import published_recalls

if TYPE_CHECKING:
    from pathlib import Path

    from paircams.retrieving.report import RetrievalReport, RetrievalRow

MARGIN = 0.02


def draw(report: RetrievalReport, target: Path) -> None:
    """Draw ``report`` as a PNG at ``target``; equal reports give equal bytes.

    An encoder that tells of subjects alone lies on the dashed line. Rings are the study's encoders
    on its own pairs, dots with intervals the report's on the report's.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    published = published_recalls()
    for family in dict.fromkeys(one.family for one in published):
        of = [one for one in published if one.family == family]
        xs, ys = [one.target_camera for one in of], [one.query_camera for one in of]
        axes.scatter(
            xs, ys, s=22, facecolors="none", edgecolors=COLOURS[family], label=f"study: {family}"
        )
    for row in report.rows:
        _point(axes, row)
    lowest = min(
        *(min(one.query_camera, one.target_camera) for one in published),
        *(_lowest(row) for row in report.rows),
    )
    span = (lowest - MARGIN, 1 + MARGIN)
    axes.plot(span, span, color="#858b92", linestyle="--", linewidth=1, zorder=0, label="y = x")
    axes.set(
        xlim=span,
        ylim=span,
        aspect="equal",
        xlabel='recall@1, negatives share the target\'s camera (study: "same")',
        ylabel='recall@1, negatives share the query\'s camera (study: "different")',
        title=f"{report.pairs}: {report.subjects} pairs",
    )
    axes.legend(loc="upper left", fontsize="small", frameon=False)
    figure.savefig(target, format="png", dpi=150, metadata={"Software": None})


def _point(axes: Any, row: RetrievalRow) -> None:
    x = row.setting("target_camera").recall_at_1
    y = row.setting("query_camera").recall_at_1
    axes.errorbar(
        x.value,
        y.value,
        xerr=[[max(0.0, x.value - x.low)], [max(0.0, x.high - x.value)]],
        yerr=[[max(0.0, y.value - y.low)], [max(0.0, y.high - y.value)]],
        fmt="o",
        markersize=6,
        linewidth=1,
        color=COLOURS.get(row.family, COLOURS["other"]),
    )
    is_right = x.value > 0.5
    axes.annotate(
        row.encoder,
        (x.value, y.value),
        textcoords="offset points",
        xytext=(-7 if is_right else 7, 5),
        ha="right" if is_right else "left",
        fontsize="small",
    )


def _lowest(row: RetrievalRow) -> float:
    return min(row.setting(word).recall_at_1.low for word in ("query_camera", "target_camera"))
