"""The figures of a release's card, ``figures/*.svg``; their captions stand in the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.atomic import write_text
from flickrexif.release.numbers import CONFOUNDS
from flickrexif.release.schema import SPLITS
from flickrexif.release.svg import (
    BLUE,
    EMPTY,
    FAINT,
    GREEN,
    ORANGE,
    QUIET,
    WIDTH,
    Drawing,
    ink_on,
    shade,
    text_width,
    ticks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from flickrexif.release.manifest import Manifest
    from flickrexif.release.numbers import ClassCounts, Numbers

FOLDER = "figures"
MOST_MONTHS = 60
"""Of more months than these a bar stands for a year."""

_SPLIT_COLOURS = dict(zip(SPLITS, (BLUE, ORANGE, GREEN), strict=True))
_MARGIN, _LABEL = 20, 13


def write_figures(release: Path, manifest: Manifest, numbers: Numbers) -> tuple[str, ...]:
    """Draw what ``numbers`` can show into ``release``; the names of the files, sorted.

    Equal numbers give equal bytes. Without attributes there is no figure of classes nor of
    associations, without a photo whose month is told none of months.
    """
    drawn: dict[str, Drawing] = {"licences": draw_licenses(manifest["licenses"])}
    if numbers.months:
        drawn["months"] = draw_months(numbers.months)
    if numbers.classes:
        drawn["classes"] = draw_classes(numbers)
    if numbers.pairs or numbers.confounds:
        drawn["associations"] = draw_associations(numbers)
    (release / FOLDER).mkdir(exist_ok=True)
    names = {f"{FOLDER}/{name}.svg": drawing for name, drawing in sorted(drawn.items())}
    for name, drawing in names.items():
        write_text(release / name, drawing.svg())
    return tuple(names)


def draw_classes(numbers: Numbers) -> Drawing:
    """A row for each attribute: photos per class by split, and the owners of each class."""
    row, top = 30, 68
    bottom = top + row * len(numbers.classes)
    drawing = Drawing(bottom + 30, "Photos per class and owners of each class, by attribute")
    left = _MARGIN + max(text_width(_named(name, len(c))) for name, c in numbers.classes.items())
    middle = (left + WIDTH) / 2
    told = {name: _from_to(counts) for name, counts in numbers.classes.items()}
    photos = _Axis(left + 14, middle - 44, max(c[0].all_photos for c in numbers.classes.values()))
    owners = _Axis(
        middle + 24,
        WIDTH - _MARGIN - 9 - max(map(text_width, told.values())),
        max(one.all_owners for counts in numbers.classes.values() for one in counts),
    )
    photos.draw(drawing, top, bottom, "photos per class")
    owners.draw(drawing, top, bottom, "owners per class, a dot each")
    _legend(drawing, photos.start, 44)
    for place, (name, counts) in enumerate(numbers.classes.items()):
        y = top + row * (place + 0.5)
        drawing.text(left, y + 4, _named(name, len(counts)), anchor="end")
        x = photos.start
        for split, number in counts[0].photos.items():
            width = photos.at(number) - photos.start
            drawing.bar(x, y - 8, width, 16, fill=_SPLIT_COLOURS[split])
            x += width
        drawing.text(x + 6, y + 4, f"{counts[0].all_photos:,}")
        found = [one.all_owners for one in counts]
        for number in found:
            drawing.dot(owners.at(number), y)
        drawing.text(owners.at(max(found)) + 9, y + 4, told[name])
    return drawing


def draw_months(months: Mapping[str, int]) -> Drawing:
    """A column for each month, or for each year where there are more than `MOST_MONTHS`."""
    bars = dict(months)
    if len(months) > MOST_MONTHS:
        bars = {}
        for month, photos in months.items():
            bars[month[:4]] = bars.get(month[:4], 0) + photos
    top, bottom = 46, 226
    unit = "month" if len(bars) == len(months) else "year"
    drawing = Drawing(bottom + 40, f"Photos per {unit} taken")
    drawing.text(_MARGIN, 28, f"photos per {unit} taken", size=_LABEL, fill=QUIET)
    marks = ticks(max(bars.values()), most=4)
    left = _MARGIN + max(text_width(f"{mark:,}") for mark in marks) + 8
    for mark in marks:
        y = bottom - (bottom - top) * mark / marks[-1]
        drawing.line((left, y), (WIDTH - _MARGIN, y), colour=FAINT)
        drawing.text(left - 6, y + 4, f"{mark:,}", anchor="end", fill=QUIET)
    room = (WIDTH - _MARGIN - left) / len(bars)
    every = max(1, -(-int(text_width("0000-00") + 10) // int(room)))
    for place, (name, photos) in enumerate(bars.items()):
        height = (bottom - top) * photos / marks[-1]
        width = min(room * 0.8, 64)
        x = left + room * (place + 0.5)
        drawing.bar(x - width / 2, bottom - height, width, height, fill=BLUE)
        if place % every == 0:
            drawing.text(x, bottom + 18, name, anchor="middle", fill=QUIET)
    return drawing


def draw_licenses(licenses: Mapping[str, Mapping[str, int]]) -> Drawing:
    """A bar for each licence, with its photos and their share."""
    row, top = 28, 44
    drawing = Drawing(top + row * len(licenses) + 14, "Photos per licence")
    drawing.text(_MARGIN, 28, "photos per licence", size=_LABEL, fill=QUIET)
    counts = {spoken(name): words["photos"] for name, words in licenses.items()}
    left = _MARGIN + max(map(text_width, counts)) + 8
    total, most = sum(counts.values()), max(counts.values())
    told = {name: f"{photos:,} ({photos / total:.0%})" for name, photos in counts.items()}
    room = WIDTH - _MARGIN - 6 - max(map(text_width, told.values())) - left
    for place, (name, photos) in enumerate(counts.items()):
        y = top + row * (place + 0.5)
        width = room * photos / most
        drawing.text(left - 8, y + 4, name, anchor="end")
        drawing.bar(left, y - 9, width, 18, fill=BLUE)
        drawing.text(left + width + 6, y + 4, told[name])
    return drawing


def draw_associations(numbers: Numbers) -> Drawing:
    """A heat map of Cramér's V: attributes by attributes and, apart, by confounds."""
    attributes = list(numbers.classes)
    strengths = {
        (one.attribute, one.other): one.cramers_v for one in numbers.pairs + numbers.confounds
    }
    strengths |= {(one.other, one.attribute): one.cramers_v for one in numbers.pairs}
    confounds = [name for name in CONFOUNDS if any(other == name for _, other in strengths)]
    columns, gap = [*attributes, *confounds], 12
    left = _MARGIN + max(text_width(name) for name in attributes) + 8
    slanted = max(text_width(name) for name in columns) * 0.71  # sine of 45 degrees
    wide = min(64.0, (WIDTH - _MARGIN - gap - left - slanted * 0.6) / len(columns))
    row, top = 30, _MARGIN + slanted + 10
    bottom = top + row * len(attributes)
    drawing = Drawing(bottom + 44, "Cramér's V of attributes with each other and with confounds")
    for place, column in enumerate(columns):
        x = left + wide * place + (gap if column in confounds else 0)
        drawing.text(x + wide / 2, top - 8, column, turned=-45)
        for index, attribute in enumerate(attributes):
            _cell(
                drawing,
                (x, top + row * index, wide - 2, row - 2),
                None if column == attribute else strengths.get((attribute, column)),
                is_same=column == attribute,
            )
    for index, attribute in enumerate(attributes):
        drawing.text(left - 8, top + row * (index + 0.5) + 3, attribute, anchor="end")
    _scale(drawing, left, bottom + 12)
    return drawing


def spoken(license_name: str) -> str:
    """A licence's SPDX id as people say it: ``CC BY 2.0`` for ``CC-BY-2.0``."""
    if license_name.startswith("CC-BY"):
        words, _, version = license_name.removeprefix("CC-").rpartition("-")
        return f"CC {words} {version}"
    return license_name.removeprefix("LicenseRef-").replace("-", " ")


class _Axis:
    """Numbers from 0 along x, from ``start`` to ``end``."""

    def __init__(self, start: float, end: float, highest: int) -> None:
        self.start, self._marks = start, ticks(highest, most=4)
        self._scale = (end - start) / self._marks[-1]

    def at(self, number: float) -> float:
        return self.start + number * self._scale

    def draw(self, drawing: Drawing, top: float, bottom: float, name: str) -> None:
        drawing.text(self.start, 28, name, size=_LABEL, fill=QUIET)
        for mark in self._marks:
            x = self.at(mark)
            drawing.line((x, top), (x, bottom), colour=FAINT)
            drawing.text(x, bottom + 16, f"{mark:,}", anchor="middle", size=11, fill=QUIET)


def _from_to(counts: Sequence[ClassCounts]) -> str:
    found = [one.all_owners for one in counts]
    lowest, highest = min(found), max(found)
    return f"{lowest:,}" if lowest == highest else f"{lowest:,} to {highest:,}"


def _named(attribute: str, classes: int) -> str:
    return f"{attribute} ({classes})"


def _legend(drawing: Drawing, x: float, y: float) -> None:
    for split, colour in _SPLIT_COLOURS.items():
        drawing.bar(x, y, 11, 11, fill=colour)
        drawing.text(x + 15, y + 10, split, size=11, fill=QUIET)
        x += 15 + text_width(split, size=11) + 12


def _cell(
    drawing: Drawing,
    box: tuple[float, float, float, float],
    value: float | None,
    *,
    is_same: bool,
) -> None:
    x, y, width, height = box
    centre = (x + width / 2, y + height / 2 + 4)
    if is_same:
        drawing.bar(x, y, width, height, fill=EMPTY)
    elif value is None:
        drawing.text(*centre, "-", anchor="middle", size=11, fill=QUIET)
    else:
        drawing.bar(x, y, width, height, fill=shade(value))
        drawing.text(*centre, f"{value:.2f}", anchor="middle", size=11, fill=ink_on(value))


def _scale(drawing: Drawing, x: float, y: float) -> None:
    """What the shades mean."""
    steps = [place / 20 for place in range(21)]
    drawing.text(x, y + 11, "0 independent", size=11, fill=QUIET)
    x += text_width("0 independent", size=11) + 6
    for place, step in enumerate(steps):
        drawing.bar(x + 6 * place, y, 6, 14, fill=shade(step))
    drawing.text(x + 6 * len(steps) + 6, y + 11, "1 the same", size=11, fill=QUIET)
