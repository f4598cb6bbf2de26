"""What files on a disk are labelled as: the way of a corpus, for a few files at hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.exif.cameras import identify_columns
from flickrexif.exif.files import inspect_exif_file
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flickrexif.exif.pieces import ByteRange
    from flickrexif.exif.read import Fault, Reading


@dataclass(frozen=True, slots=True)
class FileLabels:
    """One file's acquisition tags, printed as in a corpus; ``None`` is unknown."""

    file: str
    make: str | None
    model: str | None
    make_canonical: str | None
    model_canonical: str | None
    is_smartphone: bool | None
    exposure: str | None
    aperture: str | None
    iso_speed: str | None
    focal_length: str | None
    focal_length_35mm: int | None
    """In mm."""
    flash: str | None
    date_time_original: str | None
    year: int | None
    fault: Fault | None
    needs: ByteRange | None
    """Where the EXIF of a file goes on that was cut."""

    @property
    def is_empty(self) -> bool:
        """Whether the file says nothing about how it was taken."""
        seen = (self.make, self.model, self.exposure, self.aperture, self.iso_speed, self.flash)
        return not any((*seen, self.focal_length, self.focal_length_35mm, self.date_time_original))


def label_files(paths: Iterable[Path]) -> list[FileLabels]:
    """The labels of each file, in order; those of a damaged one as far as it is sound.

    Raises `UsageError` when a file cannot be opened.
    """
    names, readings = [], []
    for path in paths:
        try:
            readings.append(inspect_exif_file(path))
        except OSError as error:
            raise UsageError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
        names.append(str(path))
    return [*_labelled(names, readings)]


def _labelled(names: list[str], readings: list[Reading]) -> Iterable[FileLabels]:
    raw = pl.DataFrame([asdict(reading.record) for reading in readings], schema=RECORD_SCHEMA)
    table = identify_columns(normalize(raw))
    own = {"file", "date_time_original", "fault", "needs"}
    columns = [name for name in FileLabels.__dataclass_fields__ if name not in own]
    rows = table.select(columns).iter_rows(named=True)
    for name, reading, row in zip(names, readings, rows, strict=True):
        yield FileLabels(
            file=name,
            date_time_original=reading.record.date_time_original,
            fault=reading.fault,
            needs=reading.needs,
            **row,
        )
