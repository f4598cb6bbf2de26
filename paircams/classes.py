"""On which side a camera model stands, where a set tells models instead of sides.

The side of a published pair is declared by its model, never by what one device is: the older side
holds a smartphone of 2013. ``models.csv`` beside this module is the published mapping as far as it
is known, which is one of its 16 models; a table of the user's adds to it and overrules it, and the
pairs tell of other models (`paircams.colouring`).
"""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from paircams.layout import SIDES, Side, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

COLUMNS = ("model", "camera_class")


def classes_of(table: Path | None = None) -> Mapping[str, Side]:
    """The side of each known model, by its name as printed in the EXIF, regardless of case.

    ``table`` is a CSV file with the columns model and camera_class (smartphone or camera); further
    columns are not read. Raises `UsageError` for one that is not so.
    """
    text = resources.files("paircams").joinpath("models.csv").read_text(encoding="utf-8")
    published = _sides("the published table", text.splitlines())
    return published if table is None else {**published, **_own(table)}


def _own(table: Path) -> Mapping[str, Side]:
    name = repr(printable(table))
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} cannot be read as a table of camera models: {error}") from error
    return _sides(name, lines)


def _sides(name: str, lines: Iterable[str]) -> Mapping[str, Side]:
    rows = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise UsageError(f"{name} has no column {missing[0]!r}; it needs {', '.join(COLUMNS)}")
    sides: dict[str, Side] = {}
    for row in rows:
        side = side_named(row["camera_class"] or "")
        if side is None or not (row["model"] or "").strip():
            told = row["camera_class"]
            raise UsageError(
                f"{name} line {rows.line_num} has {told!r}; write {' or '.join(SIDES)}"
            )
        sides[model_key(row["model"])] = side
    return sides


def side_named(text: str) -> Side | None:
    """The side that ``text`` names, if it does."""
    folded = text.strip().casefold()
    return next((side for side in SIDES if side == folded), None)


def model_key(model: str) -> str:
    """What a model is looked up by."""
    return " ".join(model.split()).casefold()
