"""A report as one HTML page that asks nothing of any server."""

from __future__ import annotations

import io
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

from flickrexif._version import __version__
from flickrexif.probing.reporting.families import COLOURS, by_family, family_of
from flickrexif.probing.reporting.figure import draw
from flickrexif.probing.reporting.said_instead import said_instead
from flickrexif.probing.result import HEADER, percent

if TYPE_CHECKING:
    from flickrexif.probing.reporting.report import ProbeReport

TEMPLATE = "report.html.jinja"
INK = "#010203"
"""A colour that nothing else has: the page's own takes its place, in light and in dark."""


def drawn(report: ProbeReport) -> str:
    """The figure as SVG, in which `INK` stands for the colour of words and lines."""
    buffer = io.BytesIO()
    draw(report, buffer, form="svg", ink=INK)
    return buffer.getvalue().decode("utf-8")


def html(report: ProbeReport, figure: str) -> str:
    """The page with ``figure``, which `drawn` gave; equal reports give equal text."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"grouped": "{:,}".format, "percent": percent, "words": _words}
    source = resources.files(__package__) / TEMPLATE
    template = environment.from_string(source.read_text(encoding="utf-8"))
    return template.render(_told(report, figure)).rstrip() + "\n"


def _told(report: ProbeReport, figure: str) -> dict[str, Any]:
    families = {encoder.name: family_of(encoder) for encoder in report.encoders}
    return {
        "report": report,
        "colours": COLOURS,
        "families": by_family(report.encoders),
        "header": ("family", *HEADER),
        "rows": [(families[result.encoder], *result.cells()) for result in report.results],
        "nuisances": sorted({name for r in report.results for name in r.nuisance_columns}),
        "verdicts": [result.above_chance for result in report.results],
        # matplotlib escaped the words in it
        "figure": figure[figure.index("<svg") :].replace(INK, "currentColor"),
        "confusions": said_instead(report),
        "version": __version__,
    }


def _words(value: object) -> str:
    """A word of a plan as text."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return "none" if value is None else str(value)
