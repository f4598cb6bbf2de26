"""Resize the shorter side, then cut the centre square out: the geometry of every encoder's input.

The shorter side becomes the crop, the longer ``int(crop * long / short)``; the centre crop starts
at ``round((side - crop) / 2)`` with halves to even. This is torchvision's Resize followed by
CenterCrop, pixel for pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging.decode import MAX_PIXELS, UnreadableImage

Interpolation = Literal["bicubic", "bilinear"]

RESAMPLING = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
}


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of ``size`` pixels a side; `UsageError` for words that do not fit."""

    size: int = 224
    interpolation: Interpolation = "bicubic"

    def __post_init__(self) -> None:
        if self.interpolation not in RESAMPLING:
            known = ", ".join(get_args(Interpolation))
            raise UsageError(f"unknown interpolation {self.interpolation!r}: use one of {known}")
        if self.size < 1:
            raise UsageError(f"crop {self.size!r} is not a positive number of pixels")

    def scaled(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the whole photo once its shorter side is ``size``.

        Raises `UnreadableImage` for a strip so thin that this is a bomb of its own.
        """
        longer = int(self.size * max(width, height) / min(width, height))
        if longer * self.size > MAX_PIXELS:
            found = f"{width} x {height} px, whose resized longer side is {longer} px"
            raise UnreadableImage("too large", found)
        return (self.size, longer) if width <= height else (longer, self.size)

    def corner(self, width: int, height: int) -> tuple[int, int]:
        """(left, top) of the square in a scaled photo of ``width`` x ``height``."""
        return round((width - self.size) / 2), round((height - self.size) / 2)


ENCODER_CROPS = (
    *(Crop(size) for size in (224, 256, 288, 320, 336, 384, 448)),
    Crop(224, "bilinear"),
)
"""What the encoders of the published comparison take: bicubic, and bilinear for MoCo v3."""


def resize_and_crop(
    image: Image.Image, size: int, interpolation: Interpolation = "bicubic"
) -> Image.Image:
    """The centre ``size`` x ``size`` of ``image`` after its shorter side became ``size``."""
    crop = Crop(size, interpolation)
    resized = image.resize(crop.scaled(*image.size), RESAMPLING[interpolation])
    left, top = crop.corner(*resized.size)
    return resized.crop((left, top, left + size, top + size))
