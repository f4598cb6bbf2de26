"""The EXIF of an image file, or of those of its bytes that are at hand, as a raw record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Literal

from flickrexif.exif import directories as tags
from flickrexif.exif.containers import exif_blocks
from flickrexif.exif.directories import read_directories
from flickrexif.exif.pieces import Pieces
from flickrexif.exif.record import RawRecord
from flickrexif.exif.text import decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flickrexif.exif.directories import Directory, Number
    from flickrexif.exif.pieces import ByteRange, Part

Fault = Literal["unknown_format", "no_exif", "no_tags", "truncated", "bad_directory", "bad_tag"]
"""Why a record is empty or may lack tags:

``unknown_format``
    The bytes are of no kind of file that is read here.
``no_exif``
    The file is of a known kind and holds no EXIF.
``no_tags``
    Its EXIF is sound and holds none of the tags that are read.
``truncated``
    The bytes end before the EXIF does, or before it was found; `Reading.needs` tells what to add.
``bad_directory``
    The EXIF block is none, or one of its directories is missing or cut.
``bad_tag``
    At least one tag makes no sense; the others are in the record.
"""

MAX_BLOCKS = 8
"""Files have one block, rarely two; a file that names more is not worth the time."""
ISO_OVERFLOW = 65535
"""What a 16-bit ISO holds when the speed does not fit (CIPA DC-008, PhotographicSensitivity)."""
MAX_DENOMINATOR = 10**9
LARGEST = 2**32 - 1
"""The largest number that the Exif types for these tags hold."""

NOTHING = RawRecord(source="file")


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read; ``fault`` is ``None`` where nothing was amiss."""

    record: RawRecord
    fault: Fault | None = None
    needs: ByteRange | None = None
    """The next bytes to read, unclamped; of a file that ends before they begin, it was cut."""


def read_exif(data: bytes) -> RawRecord:
    """The record of `inspect_exif`, for those who have all the bytes that they will ever have."""
    return inspect_exif(data).record


def inspect_exif(head: bytes, *, parts: Iterable[Part] = (), size: int | None = None) -> Reading:
    """The acquisition tags of IFD0 and the Exif IFD; never raises because of the bytes.

    ``head`` is a whole file or its first bytes (64 KiB suffice for nearly every JPEG), ``parts``
    are further ones, and ``size`` is the file's, where it is known. As long as there are
    `Reading.needs`, the file may say more: call again with that part added.

    Settings that stand in IFD0 count only where the Exif IFD holds none. Thumbnail directory,
    maker notes, GPS and serial numbers are not read. What is absent, zero, or divided by zero is
    ``None``.
    """
    file = Pieces(head, parts, size)
    blocks = exif_blocks(file)
    if blocks is None:
        return Reading(NOTHING, "unknown_format", None if file.ends_at(len(head)) else file.needs())
    record, fault = _first_to_say_something(file, blocks)
    needs = file.needs()
    return Reading(record, "truncated" if needs else fault, needs)


def needs_more(head: bytes) -> int | None:
    """How many bytes from a file's start EXIF needs, when ``head`` (its first bytes) is too short.

    For those who can only read on: it is the end of `Reading.needs`.
    """
    needs = inspect_exif(head).needs
    return needs.end if needs else None


def _first_to_say_something(
    file: Pieces, blocks: Iterator[Pieces]
) -> tuple[RawRecord, Fault | None]:
    """The first record that is not empty; none of a block behind one that is not all there."""
    first: Fault | None = None
    for block in islice(blocks, MAX_BLOCKS):
        record, fault = _read(block)
        if file.missed or not record.is_empty:
            return record, fault
        first = first or fault
    return NOTHING, first or "no_exif"


def _read(block: Pieces) -> tuple[RawRecord, Fault | None]:
    main, exif = read_directories(block)
    says_nothing = exif is None or (not exif.is_damaged and tags.SETTINGS.isdisjoint(exif.entries))
    record = _record(main, main if exif is None or says_nothing else exif)
    found = [main] if exif is None else [main, exif]
    if any(directory.is_damaged for directory in found):
        return record, "bad_directory"
    if any(directory.flaws for directory in found):
        return record, "bad_tag"
    return record, "no_tags" if record.is_empty else None


def _record(main: Directory, settings: Directory) -> RawRecord:
    exposure = _ratio(settings.number(tags.EXPOSURE_TIME))
    aperture = _ratio(settings.number(tags.F_NUMBER))
    focal_length = _ratio(settings.number(tags.FOCAL_LENGTH))
    return RawRecord(
        source="file",
        make=decode_text(main.text(tags.MAKE)),
        model=decode_text(main.text(tags.MODEL)),
        exposure_num=exposure[0],
        exposure_den=exposure[1],
        aperture_num=aperture[0],
        aperture_den=aperture[1],
        iso=_iso(settings),
        focal_length_num=focal_length[0],
        focal_length_den=focal_length[1],
        focal_length_35mm=_whole(settings.number(tags.FOCAL_LENGTH_35MM)) or None,
        flash=_whole(settings.number(tags.FLASH)),
        date_time_original=decode_text(settings.text(tags.DATE_TIME_ORIGINAL)),
    )


def _ratio(value: Number | None) -> tuple[int | None, int | None]:
    """(numerator, denominator) as written, positive; (None, None) otherwise."""
    if isinstance(value, float):
        ratio = Fraction(value).limit_denominator(MAX_DENOMINATOR) if math.isfinite(value) else 0
        value = ratio.numerator, ratio.denominator
    numerator, denominator = value if isinstance(value, tuple) else (value or 0, 1)
    fits = 0 < numerator <= LARGEST and 0 < denominator <= LARGEST
    return (numerator, denominator) if fits else (None, None)


def _whole(value: Number | None) -> int | None:
    """A number from 0 to `LARGEST` that has no fraction, in whatever type it is written."""
    if isinstance(value, tuple):
        numerator, denominator = value
        value = numerator // denominator if denominator and numerator % denominator == 0 else None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if value is not None and 0 <= value <= LARGEST else None


def _iso(settings: Directory) -> int | None:
    iso = _whole(settings.number(tags.ISO))
    if iso != ISO_OVERFLOW:
        return iso or None
    kind = _whole(settings.number(tags.SENSITIVITY_TYPE))
    for tag in tags.sensitivities(kind):
        if value := _whole(settings.number(tag)):
            return value
    return iso
