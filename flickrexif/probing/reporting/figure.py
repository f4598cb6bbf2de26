"""The figure of a report: a panel per attribute, encoders by family, chance and controls."""

from __future__ import annotations

import math
from typing import IO, TYPE_CHECKING, Any, Literal

from flickrexif.probing.reporting.families import COLOURS, by_family, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flickrexif.probing.reporting.report import ProbeReport
    from flickrexif.probing.result import AttributeResult

ABOVE_COLOUR, OTHER_COLOUR, QUIET_COLOUR = "#1b6ca8", "#9a9a9a", "#444444"
WIDTH = 12.0
"""Inches that a row of panels fills at most."""
PER_ENCODER, LEFT, RIGHT, ABOVE = 0.2, 0.58, 0.1, 0.32
"""Inches: per encoder, beside a panel, and above it."""
PANEL_HEIGHT, LETTER, HEAD, LEGEND = 1.45, 0.056, 0.22, 0.7
"""Inches: of a panel, of a letter of the names below, of the title and of the legend."""
LEAST_PANEL, MOST_COLUMNS = 1.9, 4
LEAST_SPAN = 0.08
"""An axis shows at least this share, so that noise is not drawn large."""
FIXED = {
    "axes.facecolor": "none",
    "font.size": 8,
    "svg.fonttype": "none",
    "svg.hashsalt": "flickrexif",
}
INKED = ("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color")
NO_TRACE = {
    "size": "image size alone",
    "colour": "coarse colours alone",
    "nuisance": "published facts alone",
}
"""Fields of a result that are accuracies of what sees no trace, and their names in the figure."""


def draw(
    report: ProbeReport,
    target: Path | IO[bytes],
    *,
    form: Literal["png", "svg"] = "png",
    ink: str = QUIET_COLOUR,
) -> None:
    """Draw ``report`` at ``target``; equal reports give equal bytes.

    An SVG has no ground and keeps its words as text; ``ink`` is the colour of lines and words.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    words: dict[Any, Any] = {**FIXED, **dict.fromkeys(INKED, ink)}
    with mpl.rc_context(words):
        figure = Figure()
        FigureCanvasAgg(figure)
        _Sheet(report, ink).draw(figure)
        if form == "svg":
            figure.savefig(target, format="svg", transparent=True, metadata={"Date": None})
        else:
            figure.savefig(target, format="png", dpi=150, metadata={"Software": None})


def whiskers(value: float, low: float, high: float) -> tuple[float, float]:
    """How far an interval reaches below and above a value; matplotlib refuses less than nothing.

    Resampled means need not lie around the mean: where all are one, they miss it by a last bit.
    """
    return max(0.0, value - low), max(0.0, high - value)


def plain(name: str) -> str:
    """Without the dollar signs that begin a formula; a name with an underscore first is shown."""
    return name.replace("$", r"\$")


class _Sheet:
    """The panels of a report on one figure."""

    def __init__(self, report: ProbeReport, ink: str) -> None:
        self.report, self.ink = report, ink
        self.encoders = in_order(report.encoders)
        self.places = {encoder.name: place for place, encoder in enumerate(self.encoders)}
        self.panels: dict[str, list[AttributeResult]] = {}
        for result in report.results:
            self.panels.setdefault(result.attribute, []).append(result)

    def draw(self, figure: Any) -> None:
        grid = self._grid(figure)
        columns, flat = len(grid[0]), [axes for row in grid for axes in row]
        for place, (axes, name) in enumerate(zip(flat, self.panels, strict=False)):
            self._panel(axes, name)
            axes.tick_params(labelbottom=place + columns >= len(self.panels))
            if place % columns == 0:
                axes.set_ylabel("test accuracy, %")
        for axes in flat[len(self.panels) :]:
            axes.set_axis_off()
        title = f"{self.report.release} {self.report.version}".strip()
        figure.suptitle(title, fontsize="large", y=1 - 0.08 / figure.get_figheight(), va="top")
        self._legend(figure)

    def _grid(self, figure: Any) -> Any:
        """Rows of empty panels on a figure that has room for the names below them."""
        panel = max(LEAST_PANEL, PER_ENCODER * len(self.names))
        columns = max(1, min(MOST_COLUMNS, len(self.panels), int(WIDTH / (panel + LEFT + RIGHT))))
        rows = math.ceil(len(self.panels) / columns)
        foot = max(map(len, self.names)) * LETTER + 0.1 + LEGEND
        width = max(5.5, columns * (panel + LEFT + RIGHT))
        height = HEAD + rows * (PANEL_HEIGHT + ABOVE) + foot
        figure.set_size_inches(width, height)
        figure.subplots_adjust(
            left=LEFT / width,
            right=1 - RIGHT / width,
            top=1 - (HEAD + ABOVE) / height,
            bottom=foot / height,
            wspace=(LEFT + RIGHT) / (width / columns - LEFT - RIGHT),
            hspace=ABOVE / PANEL_HEIGHT,
        )
        return figure.subplots(rows, columns, squeeze=False)

    @property
    def names(self) -> list[str]:
        """What stands below the panels: encoders, then what sees no trace."""
        return [encoder.name for encoder in self.encoders] + list(self.controls.values())

    @property
    def controls(self) -> dict[str, str]:
        """Those of `NO_TRACE` that this report has."""
        told = self.report.results
        return {
            field: name
            for field, name in NO_TRACE.items()
            if any(getattr(result, field) is not None for result in told)
        }

    def _panel(self, axes: Any, attribute: str) -> None:
        results = self.panels[attribute]
        first = results[0]
        for family, group in by_family(self.encoders).items():
            names = {encoder.name for encoder in group}
            of = [result for result in results if result.encoder in names]
            for is_above in (True, False):
                some = [result for result in of if result.above_chance == is_above]
                self._points(axes, some, COLOURS[family], is_filled=is_above)
        shuffled = [100 * result.shuffled for result in results]
        axes.plot(self._places(results), shuffled, "x", color=self.ink, ms=3, alpha=0.7, zorder=2)
        for place, field in enumerate(self.controls, start=len(self.encoders)):
            if (accuracy := getattr(first, field)) is not None:
                axes.plot(place, 100 * accuracy, "s", color=COLOURS["control"], ms=4, mfc="none")
        axes.axhline(100 * first.chance, color=self.ink, lw=1, ls="--", zorder=1)
        if _is_apart(first):
            axes.axhline(100 * first.majority, color=self.ink, lw=1, ls=":", zorder=1)
        self._scale(axes, results)
        self._dividers(axes)
        axes.set_title(f"{attribute} ({first.classes} classes)", fontsize=9, parse_math=False)

    def _points(
        self, axes: Any, results: Sequence[AttributeResult], colour: str, *, is_filled: bool
    ) -> None:
        if not results:
            return
        around = [whiskers(100 * r.accuracy, 100 * r.low, 100 * r.high) for r in results]
        axes.errorbar(
            self._places(results),
            [100 * result.accuracy for result in results],
            yerr=list(zip(*around, strict=True)),
            fmt="o",
            ms=4,
            color=colour,
            mfc=colour if is_filled else "none",
            elinewidth=1,
            capsize=1.5,
            zorder=3,
        )

    def _places(self, results: Sequence[AttributeResult]) -> list[int]:
        return [self.places[result.encoder] for result in results]

    def _scale(self, axes: Any, results: Sequence[AttributeResult]) -> None:
        axes.set_ylim(*_limits(results, self.controls))
        axes.set_xlim(-0.7, len(self.names) - 0.3)
        axes.set_xticks(range(len(self.names)), self.names, rotation=90, fontsize=7)
        for tick in axes.get_xticklabels():
            tick.set_parse_math(False)
        axes.grid(axis="y", alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)

    def _dividers(self, axes: Any) -> None:
        """A thin line between families."""
        edge = -0.5
        for group in by_family(self.encoders).values():
            edge += len(group)
            if edge < len(self.names) - 1:
                axes.axvline(edge, color=self.ink, lw=0.4, alpha=0.4)

    def _legend(self, figure: Any) -> None:
        from matplotlib.lines import Line2D

        def mark(label: str, colour: str, shape: str, **more: Any) -> Line2D:
            return Line2D([], [], color=colour, marker=shape, label=label, **more)

        bare = {"ls": "", "ms": 4}
        marks = [mark(f, COLOURS[f], "o", **bare) for f in by_family(self.encoders)]
        quiet = COLOURS["control"]
        marks.append(mark("not above chance", quiet, "o", **bare, mfc="none"))
        if self.controls:
            marks.append(mark("sees no trace", quiet, "s", **bare, mfc="none"))
        marks.append(mark("shuffled labels", self.ink, "x", **bare))
        marks.append(mark("chance", self.ink, "", ls="--", lw=1))
        if any(map(_is_apart, self.report.results)):
            marks.append(mark("majority class", self.ink, "", ls=":", lw=1))
        columns = max(3, int(figure.get_figwidth() / 1.15))
        figure.legend(
            handles=marks,
            loc="lower center",
            ncols=min(columns, len(marks)),
            frameon=False,
            title="whiskers: 95 % interval over owners",
            title_fontsize=8,
        )


def _is_apart(result: AttributeResult) -> bool:
    """Whether the majority class has a line of its own beside chance."""
    return abs(result.majority - result.chance) > 0.002


def _limits(results: Sequence[AttributeResult], controls: dict[str, str]) -> tuple[float, float]:
    """The axis of a panel, in percent: all that is drawn, with room, and no less than a span."""
    shown = [v for r in results for v in (r.low, r.high, r.chance, r.shuffled, r.majority)]
    shown += [value for f in controls if (value := getattr(results[0], f)) is not None]
    low, high = min(shown), max(shown)
    room = max(0.06 * (high - low), (LEAST_SPAN - (high - low)) / 2)
    return 100 * max(0.0, low - room), 100 * min(1.0, high + room)
