"""RGB pixels → a JPEG file that holds nothing else: the one way in which this package writes them.

Baseline, with libjpeg's example tables scaled to the quality and its example Huffman codes; JFIF
without a density; no EXIF, XMP or comment. Equal pixels give equal bytes as long as Pillow and its
libjpeg-turbo stay the same (`libraries` names them).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

import PIL
from PIL import features

from flickrexif.imaging.decode import UnreadableImage

if TYPE_CHECKING:
    from PIL import Image

Subsampling = Literal["4:2:0", "4:4:4"]
"""How JPEG stores chroma: at half the width and height, or at the full size."""

MAX_SIDE = 65_500
"""The longest side that libjpeg writes: its JPEG_MAX_DIMENSION (jmorecfg.h)."""

MAX_PROFILE_BYTES = 255 * 65_519
"""What the 255 segments of an ICC profile hold (ICC.1:2022 annex B.4), 65,519 bytes each."""


def jpeg(
    image: Image.Image, *, quality: int, subsampling: Subsampling, profile: bytes = b""
) -> bytes:
    """``image`` (RGB) as a JPEG file of libjpeg ``quality`` (1..100), with an ICC profile if given.

    Raises `ValueError` for another mode, and `UnreadableImage` where a side or the profile is
    larger than the format holds.
    """
    if image.mode != "RGB":
        raise ValueError(f"expected an RGB image, got mode {image.mode!r}")
    if max(image.size) > MAX_SIDE:
        raise UnreadableImage("too large", f"a side of {max(image.size)} px does not fit a JPEG")
    if len(profile) > MAX_PROFILE_BYTES:
        raise UnreadableImage("too large", f"an ICC profile of {len(profile)} bytes")
    buffer = io.BytesIO()
    image.save(
        buffer,
        "JPEG",
        quality=quality,
        subsampling=subsampling,
        icc_profile=profile,
        comment=b"",  # left out, Pillow would write the comment of the file that was opened
    )
    return buffer.getvalue()


def libraries() -> str:
    """Pillow and its libjpeg-turbo, by version: what the bytes of `jpeg` depend on."""
    turbo = features.version("libjpeg_turbo") or features.version("jpg")
    return f"Pillow {PIL.__version__} (libjpeg-turbo {turbo})"
