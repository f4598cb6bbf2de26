"""Tags that tell where a photo was taken, with which exemplar, by whom: names, never values."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("flickrexif")

_OWNER_TAGS = {0x013B: "Artist", 0x8298: "Copyright", 0x9C9D: "XPAuthor"}
_DEVICE_TAGS = {0xA430: "CameraOwnerName", 0xA431: "BodySerialNumber", 0xA435: "LensSerialNumber"}
_GPS_VERSION_ID = 0
_THUMBNAIL_OFFSET = 0x0201
_XMP_NAMES = re.compile(
    rb"\b(?:exif:GPS[A-Z]\w*|aux:(?:Lens)?SerialNumber|aux:OwnerName|dc:creator|mwg-rs:Regions"
    rb"|exifEX:(?:BodySerialNumber|LensSerialNumber|CameraOwnerName))\b"
)


def private_tags(image: Image.Image) -> tuple[str, ...]:
    """Names of the private tags in the EXIF and XMP of an opened ``image``, sorted.

    GPS tags, serial numbers, names of owners, face regions, and ``Thumbnail`` for an embedded one,
    which may still show what was cropped away. What cannot be parsed adds no name.
    """
    found = set(_xmp_names(image))
    try:
        found.update(_exif_names(image.getexif()))
    except Exception as error:  # noqa: BLE001 - the boundary: Pillow raises many kinds on bad EXIF
        log.debug("private tags unread: %s", error)
    return tuple(sorted(found))


def _exif_names(exif: Image.Exif) -> Iterator[str]:
    device = exif.get_ifd(ExifTags.IFD.Exif)
    yield from (name for tag, name in _OWNER_TAGS.items() if _is_set(exif.get(tag)))
    yield from (name for tag, name in _DEVICE_TAGS.items() if _is_set(device.get(tag)))
    for tag in exif.get_ifd(ExifTags.IFD.GPSInfo):
        if tag != _GPS_VERSION_ID:
            yield ExifTags.GPSTAGS.get(tag, f"GPS tag {tag}")
    if _THUMBNAIL_OFFSET in exif.get_ifd(ExifTags.IFD.IFD1):
        yield "Thumbnail"


def _is_set(value: object) -> bool:
    if isinstance(value, bytes):
        return bool(value.strip(b"\0 "))
    return value is not None and bool(str(value).strip("\0 "))


def _xmp_names(image: Image.Image) -> Iterator[str]:
    packet = image.info.get("xmp")
    if isinstance(packet, bytes):
        for name in _XMP_NAMES.findall(packet):
            yield f"XMP {name.decode('ascii')}"
