"""What a file says of its own making, apart from the camera's settings."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from PIL import ExifTags, ImageCms

from flickrexif.imaging.jpeg_tables import TableFacts, table_facts

if TYPE_CHECKING:
    from PIL import Image

log = logging.getLogger("flickrexif")

_SOFTWARE, _WIDTH, _HEIGHT = 0x0131, 0xA002, 0xA003
_BITS_PER_SAMPLE = 258
_PNG_BIT_DEPTH = 24
"""Its place in a PNG file: behind the signature, the chunk's head, width and height."""
NO_PROFILE = "none"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an opened file tells; None is unknown."""

    width: int
    height: int
    """As stored, before any orientation is applied."""
    software: str | None
    stated_size: tuple[int, int] | None
    """EXIF PixelXDimension and PixelYDimension: the size when it was taken."""
    profile: str
    """The description of the embedded ICC profile, or ``none``."""
    bit_depth: int | None
    tables: TableFacts | None
    """A JPEG's quantisation tables."""


def provenance(image: Image.Image, content: bytes) -> Provenance:
    """What ``content``, opened as ``image`` and not yet decoded, tells of its making."""
    software, stated = _exif(image)
    tables = getattr(image, "quantization", None)
    layers = getattr(image, "layer", None)
    return Provenance(
        width=image.width,
        height=image.height,
        software=software,
        stated_size=stated,
        profile=_profile(image.info.get("icc_profile")),
        bit_depth=_bit_depth(image, content),
        tables=table_facts(tables, layers) if tables and layers else None,
    )


def _exif(image: Image.Image) -> tuple[str | None, tuple[int, int] | None]:
    try:
        exif = image.getexif()
        settings = exif.get_ifd(ExifTags.IFD.Exif)
        software = " ".join(str(exif.get(_SOFTWARE) or "").split("\0")[0].split())
        width, height = settings.get(_WIDTH), settings.get(_HEIGHT)
    except Exception as error:  # noqa: BLE001 - the boundary: Pillow raises many kinds on bad EXIF
        log.debug("software and size unread: %s", error)
        return None, None
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return software or None, (width, height)
    return software or None, None


def _profile(profile: Any) -> str:
    return _description(profile) if isinstance(profile, bytes) and profile else NO_PROFILE


@lru_cache(maxsize=64)
def _description(profile: bytes) -> str:
    try:
        told = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return "unreadable"
    return " ".join(told.split()) or "without a name"


def _bit_depth(image: Image.Image, content: bytes) -> int | None:
    if image.format == "PNG":
        return content[_PNG_BIT_DEPTH]
    if image.format == "TIFF":
        bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE)
        return int(bits[0] if isinstance(bits, tuple) else bits) if bits else None
    told = image.info.get("bit_depth", getattr(image, "bits", None))
    return told if isinstance(told, int) else None
