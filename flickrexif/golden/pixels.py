"""Pixels as they are frozen: a PNG file and a digest of what it decodes to."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from flickrexif.imaging.decode import decode_rgb

if TYPE_CHECKING:
    from flickrexif.imaging.reading import Pixels

PNG_LEVEL = 6


def digest(pixels: Pixels) -> str:
    """SHA-256, in hex, of height, width and RGB bytes: equal for equal pixels, however stored."""
    height, width = pixels.shape[:2]
    found = hashlib.sha256(f"{height}x{width} RGB\n".encode())
    found.update(np.ascontiguousarray(pixels).tobytes())
    return found.hexdigest()


def frozen(pixels: Pixels) -> bytes:
    """``pixels`` (uint8, H x W x 3) as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()


def thawed(content: bytes) -> Pixels:
    """The pixels of a PNG file; raises `UnreadableImage` for a damaged one."""
    return np.array(decode_rgb(content))
