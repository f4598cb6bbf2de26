"""The contact sheet: a page that shows every pair, what was found, and why.

One file without a single outside request: photos, style and script stand in it, and its content
security policy forbids the rest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import jinja2

from flickrexif._version import __version__
from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from paircams.cards import GAP_PX, RANKS, Card, make_cards

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paircams.report import Report

PAGE_NAME = "report.html"


@dataclass(frozen=True, slots=True)
class Desk:
    """A reviewer's place at the page; a sheet without one is for reading alone."""

    address: str
    """Where decisions are sent, below the page's own address."""
    decisions: Mapping[str, str] = field(default_factory=dict)
    """What was decided so far, by subject."""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filter:
    """A button that shows some of the cards alone."""

    word: str
    label: str
    count: int
    begins_row: bool = False


def contact_sheet(report: Report, *, progress: Progress | None = None) -> str:
    """Return the page of a report as HTML: what failed comes first, then the rest as declared.

    The photos are read again, from where the report's set declares them; one that cannot be read
    is a box that says why.
    """
    return render(report, make_cards(report, progress or Silent()))


def render(report: Report, cards: list[Card], *, desk: Desk | None = None) -> str:
    """Return the page of a report whose cards are at hand."""
    declared = {subject.subject_idx for subject in report.declared.subjects}
    return _template().render(
        report=report,
        cards=cards,
        elsewhere=[found for found in report.findings if found.subject_idx not in declared],
        filters=_filters(cards),
        sentences={check.id: check.sentence for check in report.checks},
        desk=desk,
        gap_px=GAP_PX,
        version=__version__,
        style=_text("sheet.css"),
        script=_text("sheet.js"),
    )


def write_sheet(report: Report, folder: Path, *, progress: Progress | None = None) -> Path:
    """Write the page of a report as ``report.html`` into ``folder``, whole or not at all.

    Raises `UsageError` when nothing can be written there.
    """
    page = contact_sheet(report, progress=progress)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / PAGE_NAME, page)
    except OSError as error:
        raise UsageError(
            f"the page cannot be written to {str(folder)!r}: {error.strerror}; "
            "name a folder that can be written"
        ) from error
    return folder / PAGE_NAME


def _filters(cards: list[Card]) -> list[Filter]:
    counts = Counter(word for card in cards for word in card.words)
    verdicts = [f"subject-{verdict}" for verdict in ("pass", "review", "fail", "unjudged")]
    checks = sorted(word for word in counts if word.startswith("check-"))
    general = [word for word in (*RANKS, *verdicts) if counts[word]]
    return [
        Filter("all", "all", len(cards)),
        *(Filter(word, _label(word), counts[word]) for word in general),
        *(Filter(word, _label(word), counts[word], word == checks[0]) for word in checks),
    ]


def _label(word: str) -> str:
    kind, _, name = word.partition("-")
    return f"one subject: {name}" if kind == "subject" else name if kind == "check" else word


@cache
def _template() -> jinja2.Template:
    words = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return words.from_string(_text("sheet.html"))


def _text(name: str) -> str:
    return (resources.files("paircams") / "templates" / name).read_text(encoding="utf-8")
