"""A report as Markdown, to paste into a paper's draft or an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.probing.result import HEADER
from flickrexif.release.card import markdown_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.probing.reporting.report import ProbeReport

LEFT = ("encoder", "attribute", "verdict")
"""Columns of words; the others are figures."""
READING = (
    "Accuracies are shares of the test photos, in percent. The interval resamples the owners of "
    "the test photos. `above chance` means that it lies above chance, the majority class and "
    "shuffled labels. `size`, `colour` and `nuisance` are probes of what holds no trace of a "
    "camera: where they do as well as an encoder, it may have seen no more."
)


def markdown(report: ProbeReport) -> str:
    """The heading, the table, and how to read it."""
    lines = [f"# Probe of {markdown_text(f'{report.release} {report.version}'.strip())}", ""]
    lines += [markdown_text(report.heading) + ".", ""]
    if report.synthetic:
        lines += ["The photos are rendered, of cameras that do not exist.", ""]
    lines += [_row(HEADER), _row(["---" if name in LEFT else "---:" for name in HEADER])]
    lines += [_row([markdown_text(cell) for cell in r.cells()]) for r in report.results]
    lines += ["", READING]
    if report.skipped:
        lines += ["", f"{len(report.skipped):,} photos could not be read and were left out."]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
