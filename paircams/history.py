"""Which JPEGs of a set were JPEGs before: asked of as few files as tell it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from flickrexif.imaging.double_compression import double_compression
from paircams.photo_bytes import Read, read_photos
from paircams.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flickrexif.progress import Progress
    from paircams.collection import Collection, Sound
    from paircams.layout import PhotoFile

SAMPLE = 3
"""Files of one device and one encoder that stand for all of them, if none was a JPEG before."""


def with_history(collection: Collection, progress: Progress) -> Collection:
    """``collection`` with the quality of earlier compressions, where they show.

    Only files with libjpeg's own tables are asked, which editors and scripts write and many cameras
    do not, and of each device's files with the same tables the first three, the rest only where one
    of those shows something: it takes twice as long as decoding. A hint; see
    `flickrexif.imaging.double_compression`.
    """
    groups: dict[tuple[object, str], list[Sound]] = defaultdict(list)
    for photo in collection.sound:
        tables = photo.contents.provenance.tables
        if tables is not None and tables.is_exact:
            groups[photo.contents.device, tables.fingerprint].append(photo)
    found = _earlier((p for group in groups.values() for p in group[:SAMPLE]), progress)
    suspect = [g for g in groups.values() if any(p.file in found for p in g[:SAMPLE])]
    found |= _earlier((p for group in suspect for p in group[SAMPLE:]), progress)
    return replace(collection, earlier_quality=found)


def _earlier(photos: Iterable[Sound], progress: Progress) -> dict[PhotoFile, int]:
    files = [photo.file for photo in photos]
    qualities: dict[PhotoFile, int] = {}
    progress.start("histories", len(files), "photo")
    for file, quality in side_by_side(_earlier_quality, read_photos(files)):
        if quality is not None:
            qualities[file] = quality
        progress.advance()
    progress.close()
    return qualities


def _earlier_quality(read: tuple[PhotoFile, Read]) -> tuple[PhotoFile, int | None]:
    file, content = read
    if isinstance(content, OSError):
        return file, None
    found = double_compression(content)
    return file, found.first_quality if found.found else None
