"""The EXIF of an image file, or of its first bytes, as a raw record."""

from __future__ import annotations

import logging
import math
import threading
import warnings
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from PIL import Image

from flickrexif.exif import directories as tags
from flickrexif.exif.containers import tiff_blocks
from flickrexif.exif.record import RawRecord
from flickrexif.exif.text import clean_text, decode_text

log = logging.getLogger("flickrexif")

ISO_OVERFLOW = 65535
"""What a 16-bit ISO holds when the speed does not fit (CIPA DC-008, PhotographicSensitivity)."""
MAX_DENOMINATOR = 10**9
LARGEST = 2**32 - 1
"""The largest number that the Exif types for these tags hold."""

_warnings_lock = threading.Lock()


def read_exif(data: bytes) -> RawRecord:
    """The acquisition tags of IFD0 and the Exif IFD; never raises because of ``data``.

    ``data`` is a whole file or its first bytes (64 KiB suffice for nearly every JPEG; see
    `needs_more`). Settings that stand in IFD0 count only where there is no Exif IFD. Thumbnail
    directory, maker notes, GPS and serial numbers are not read. What is absent, zero, or divided
    by zero is ``None``.
    """
    for block in tiff_blocks(data):
        record = _record(*_load(block))
        if not record.is_empty:
            return record
    return RawRecord(source="file")


def _load(block: bytes) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
    """(IFD0, Exif IFD) by Pillow; empty where Pillow finds them unreadable."""
    exif = Image.Exif()
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exif.load(b"Exif\0\0" + block)
            return dict(exif), exif.get_ifd(tags.EXIF_IFD)
        except Exception as error:  # noqa: BLE001 - any damage in a stranger's file ends here
            log.debug("unreadable EXIF block of %d bytes: %r", len(block), error)
            return {}, {}


def _record(main: Mapping[int, Any], exif: Mapping[int, Any]) -> RawRecord:
    found = exif if tags.EXIF_IFD in main else main
    exposure = _ratio(found.get(tags.EXPOSURE_TIME))
    aperture = _ratio(found.get(tags.F_NUMBER))
    focal_length = _ratio(found.get(tags.FOCAL_LENGTH))
    return RawRecord(
        source="file",
        make=_text(main.get(tags.MAKE)),
        model=_text(main.get(tags.MODEL)),
        exposure_num=exposure[0],
        exposure_den=exposure[1],
        aperture_num=aperture[0],
        aperture_den=aperture[1],
        iso=_iso(found),
        focal_length_num=focal_length[0],
        focal_length_den=focal_length[1],
        focal_length_35mm=_whole(found.get(tags.FOCAL_LENGTH_35MM)) or None,
        flash=_whole(found.get(tags.FLASH)),
        date_time_original=_text(found.get(tags.DATE_TIME_ORIGINAL)),
    )


def _first(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value[0] if value else None
    return value


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return decode_text(value)
    if not isinstance(value, str):
        return None
    try:
        return decode_text(value.encode("latin-1"))  # Pillow decodes ASCII tags as Latin-1
    except UnicodeEncodeError:
        return clean_text(value)


def _whole(value: Any) -> int | None:
    value = _first(value)
    return value if isinstance(value, int) and 0 <= value <= LARGEST else None


def _ratio(value: Any) -> tuple[int | None, int | None]:
    """(numerator, denominator) as written, positive; (None, None) otherwise."""
    value = _first(value)
    if isinstance(value, float):
        value = Fraction(value).limit_denominator(MAX_DENOMINATOR) if math.isfinite(value) else 0
    numerator = getattr(value, "numerator", None)
    denominator = getattr(value, "denominator", None)
    if not isinstance(numerator, int) or not isinstance(denominator, int):
        return None, None
    fits = 0 < numerator <= LARGEST and 0 < denominator <= LARGEST
    return (numerator, denominator) if fits else (None, None)


def _iso(found: Mapping[int, Any]) -> int | None:
    iso = _whole(found.get(tags.ISO))
    if iso != ISO_OVERFLOW:
        return iso or None
    kind = _whole(found.get(tags.SENSITIVITY_TYPE))
    for tag in tags.sensitivities(kind):
        if value := _whole(found.get(tag)):
            return value
    return iso
