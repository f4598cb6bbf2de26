"""What the encoding of an image file gives away, from its header alone (no pixel is decoded)."""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageCms

from flickrexif.imaging.jpeg_tables import table_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("flickrexif")

FACTORS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}
HEIF_CHROMAS = {420: "4:2:0", 422: "4:2:2", 444: "4:4:4"}

BITS_PER_SAMPLE = 258  # TIFF 6.0, page 29


@dataclass(frozen=True, slots=True)
class Traces:
    """Trace facts of one file; ``None`` where the format has none or they are not recognised."""

    jpeg_quality: int | None = None
    """libjpeg's quality, 1 to 100, whose tables are nearest to the file's: of any other encoder's
    file no more than a likeness. Never average it over exact and inexact files."""
    jpeg_quality_exact: bool | None = None
    """Whether the tables are exactly libjpeg's for that quality."""
    jpeg_quality_residual: float | None = None
    """Their mean absolute difference from libjpeg's, in steps; 0 where exact."""
    jpeg_tables: str | None = None
    """A hash of the tables, as `TableFacts.fingerprint` has it: it tells encoders apart."""
    chroma_subsampling: str | None = None
    """As in ``4:2:0``, of JPEG and HEIF; ``gray`` for one component."""
    icc_profile: str | None = None
    """The profile's description."""
    bit_depth: int | None = None
    """Bits per sample as the file stores it; of a palette, those of the index."""


def read_traces(content: bytes) -> Traces:
    """The traces in ``content``, an image file; never raises because of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large images, which are not decoded here
        try:
            if content[4:8] == b"ftyp":
                return _heif_traces(content)
            with Image.open(io.BytesIO(content)) as image:
                return _traces(image, content)
        except Exception as error:  # noqa: BLE001 - any damage in a stranger's file ends here
            log.debug("unreadable header of an image of %d bytes: %r", len(content), error)
            return Traces()


def _traces(image: Any, content: bytes) -> Traces:
    profile = _profile_name(image.info.get("icc_profile"))
    if image.format not in ("JPEG", "MPO"):
        return Traces(icc_profile=profile, bit_depth=_bit_depth(image, content))
    told = Traces(
        chroma_subsampling=_subsampling(image.layer), icc_profile=profile, bit_depth=image.bits
    )
    facts = table_facts(image.quantization, image.layer)
    if facts is None:
        return told
    return replace(
        told,
        jpeg_quality=facts.quality,
        jpeg_quality_exact=facts.is_exact,
        jpeg_quality_residual=facts.residual,
        jpeg_tables=facts.fingerprint,
    )


def _heif_traces(content: bytes) -> Traces:
    """Of HEIC and AVIF; Pillow hands out 8 bits of an AVIF file whatever it has."""
    from pillow_heif import open_heif

    image = open_heif(io.BytesIO(content))
    is_gray = not image.mode.startswith("RGB")
    return Traces(
        chroma_subsampling="gray" if is_gray else HEIF_CHROMAS.get(image.info.get("chroma")),
        icc_profile=_profile_name(image.info.get("icc_profile")),
        bit_depth=image.info.get("bit_depth"),
    )


def _subsampling(layers: Sequence[tuple[int, int, int, int]]) -> str | None:
    if len(layers) == 1:
        return "gray"
    (_, across, down, _), *others = layers[:3]
    if len(layers) != 3 or any(part[1:3] != (1, 1) for part in others):
        return None
    return FACTORS.get((across, down))


def _bit_depth(image: Any, content: bytes) -> int | None:
    """Of a file whose format has one place for it, and of WebP, which has 8 bits always."""
    match image.format:
        case "PNG" if content[12:16] == b"IHDR":
            return content[24]  # Pillow's mode is RGB for 16 bits, too
        case "TIFF":
            depths = set(image.tag_v2.get(BITS_PER_SAMPLE, (1,)))
            return depths.pop() if len(depths) == 1 else None
        case "WEBP":
            return 8
    return None


@lru_cache(maxsize=256)
def _profile_name(profile: bytes | None) -> str | None:
    if not profile:
        return None
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(opened).strip("\0 \n")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return name or None
