"""What the encoding of an image file gives away, from its header alone (no pixel is decoded)."""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageCms

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("flickrexif")

LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *([99] * 32),
)  # fmt: skip
"""The example tables of ISO/IEC 10918-1 annex K, row by row, which libjpeg (IJG) scales."""

FACTORS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}


@dataclass(frozen=True, slots=True)
class Traces:
    """Trace facts of one file; ``None`` where the format has none or they are not recognised."""

    jpeg_quality: int | None = None
    """libjpeg's quality, only where the tables are exactly libjpeg's for it."""
    chroma_subsampling: str | None = None
    """As in ``4:2:0``; ``gray`` for one component."""
    icc_profile: str | None = None
    """The profile's description."""
    bit_depth: int | None = None
    """Bits per sample."""


def read_traces(content: bytes) -> Traces:
    """The traces in ``content``, an image file; never raises because of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large images, which are not decoded here
        try:
            with Image.open(io.BytesIO(content)) as image:
                return _traces(image)
        except Exception as error:  # noqa: BLE001 - any damage in a stranger's file ends here
            log.debug("unreadable header of an image of %d bytes: %r", len(content), error)
            return Traces()


def _traces(image: Any) -> Traces:
    profile = _profile_name(image.info["icc_profile"]) if image.info.get("icc_profile") else None
    if image.format not in ("JPEG", "MPO"):
        return Traces(icc_profile=profile, bit_depth=16 if image.mode.startswith("I;16") else 8)
    return Traces(
        jpeg_quality=_quality(image.quantization),
        chroma_subsampling=_subsampling(image.layer),
        icc_profile=profile,
        bit_depth=image.bits,
    )


def _quality(tables: Mapping[int, list[int]]) -> int | None:
    ordered = tuple(tuple(tables[index]) for index in sorted(tables))
    return _ijg_qualities().get(ordered) or _ijg_qualities().get(ordered[:1] * 2)


@cache
def _ijg_qualities() -> dict[tuple[tuple[int, ...], ...], int]:
    """Table sets (luma and chroma, or luma alone) that libjpeg writes, by quality 1 to 100."""
    found: dict[tuple[tuple[int, ...], ...], int] = {}
    for quality in range(100, 0, -1):
        luma, chroma = scaled_table(LUMA, quality), scaled_table(CHROMA, quality)
        found[(luma, chroma)] = found[(luma,)] = quality
    return found


def scaled_table(table: tuple[int, ...], quality: int) -> tuple[int, ...]:
    """``table`` as libjpeg scales it for ``quality`` (1 to 100), baseline (1 to 255)."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(max((step * scale + 50) // 100, 1), 255) for step in table)


def _subsampling(layers: list[tuple[int, int, int, int]]) -> str | None:
    if len(layers) == 1:
        return "gray"
    (_, across, down, _), *others = layers[:3]
    if len(layers) != 3 or any(part[1:3] != (1, 1) for part in others):
        return None
    return FACTORS.get((across, down))


@lru_cache(maxsize=256)
def _profile_name(profile: bytes) -> str | None:
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(opened).strip("\0 \n")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return name or None
