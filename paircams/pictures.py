"""Photos made small enough to stand in a page, as data addresses."""

from __future__ import annotations

import base64
import io
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pillow_heif
from PIL import Image, ImageOps

from paircams.photo_bytes import read_photos
from paircams.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paircams.layout import PhotoFile
    from paircams.photo_bytes import Read

QUALITY = 72


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo in a page; where it cannot be shown, ``problem`` says why instead of ``address``."""

    name: str
    side: str
    width: int
    """Pixels on the page."""
    height: int
    address: str | None = None
    problem: str | None = None


def show_photos(heights: Mapping[PhotoFile, int]) -> Iterator[tuple[PhotoFile, Picture]]:
    """Yield every photo with its picture, upright and as many pixels high as ``heights`` says.

    A photo that cannot be read is a `Picture` with its problem.
    """
    pillow_heif.register_heif_opener()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd EXIF and large pictures: the checks tell them
        yield from side_by_side(partial(_shown, heights), read_photos(heights))


def _shown(
    heights: Mapping[PhotoFile, int], read: tuple[PhotoFile, Read]
) -> tuple[PhotoFile, Picture]:
    file, content = read
    height = heights[file]
    try:
        if isinstance(content, OSError):
            raise content
        small = _reduced(content, height)
    except Exception as error:  # noqa: BLE001 - the boundary: a decoder may raise anything
        told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problem = " ".join(told.split()) or type(error).__name__
        return file, Picture(file.name, file.side, height * 4 // 3, height, problem=problem)
    return file, Picture(file.name, file.side, small.width, small.height, _address(small))


def _reduced(content: bytes, height: int) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (2 * height, 2 * height))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    width = max(1, round(upright.width * height / upright.height))
    return upright.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)


def _address(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
