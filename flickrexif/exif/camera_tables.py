"""The reviewed tables on cameras beside this module, as rows."""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_table(name: str) -> Iterator[dict[str, str]]:
    """The rows of the CSV file ``name``, by column."""
    text = resources.files("flickrexif.exif").joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
