"""A photo as matching sees it: upright, grey, small."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from flickrexif.imaging.decode import orientation_of, rgb, upright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paircams.matching.features import Grey


@contextmanager
def opened_photo(content: bytes) -> Iterator[Image.Image]:
    """The photo in ``content`` with its header read, HEIC where its decoder is installed.

    Whatever Pillow raises for damaged bytes comes through; its warnings do not.
    """
    register_heif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd EXIF and large pictures: the checks tell them
        with Image.open(io.BytesIO(content)) as image:
            yield image


@cache
def register_heif() -> bool:
    """Teach Pillow HEIC, once; False where the decoder cannot be imported."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def grey_image(image: Image.Image, longest: int) -> Image.Image:
    """Decode an opened photo to its last byte: upright, 8 bits of grey, never enlarged.

    Its longer side has at most ``longest`` pixels. JPEGs are decoded at a fraction of their size,
    which reads all of their data.
    """
    width, height = _fitting(image.size, longest)
    image.draft("L", (width, height))
    image.load()
    grey = image if image.mode == "L" else rgb(image).convert("L")
    return upright(grey.resize((width, height), Image.Resampling.BILINEAR), orientation_of(image))


def grey_pixels(content: bytes, longest: int) -> Grey:
    """`grey_image` of the bytes of a photo, as height x width levels."""
    with opened_photo(content) as image:
        return np.array(grey_image(image, longest))


def _fitting(size: tuple[int, int], longest: int) -> tuple[int, int]:
    share = min(1.0, longest / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))
