"""The EXIF of a file on a disk, of which only the bytes are read that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.exif.pieces import Part
from flickrexif.exif.read import inspect_exif

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.exif.read import Reading

HEAD_BYTES = 64 * 1024
LARGEST_READ = 16 * 1024 * 1024
MOST_READS = 16


def inspect_exif_file(path: Path) -> Reading:
    """The reading of a file: its first 64 KiB, and the few parts behind them that these name.

    Of a file that was cut, `Reading.needs` tells where the rest of its EXIF stood. Raises `OSError`
    when the file cannot be read.
    """
    parts: list[Part] = []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(HEAD_BYTES)
        reading = inspect_exif(head, size=size)
        while (needs := reading.needs) and needs.start < size and len(parts) < MOST_READS:
            file.seek(needs.start)
            content = file.read(min(needs.end - needs.start, LARGEST_READ))
            parts.append(Part(needs.start, content))
            reading = inspect_exif(head, parts=parts, size=size)
    return reading
