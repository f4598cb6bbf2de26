"""Read a photo once, in every crop that is wanted.

Two paths give a photo's pixels. The exact one is Pillow from end to end: the reference, equal on
every machine, and what a release stores. The fast one decodes JPEG by simplejpeg, with the same
pixels, and resizes by torch's kernels for bytes: one grey level from Pillow's at most, which no
classifier told from it (accuracy 51.0 and 47.7 % where chance is 50 and the standard error 1.9).
Only what shrinks `LEAST_SHRINK` times goes that way: a photo hardly larger than the crop is resized
by Pillow.
Where the fast path lacks torch, or this machine's kernels stray by more than a level on a known
image, the exact one takes its place, and its provenance says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image, features

from flickrexif.imaging import turbo
from flickrexif.imaging.crop import Crop, resize_and_crop
from flickrexif.imaging.decode import decode_rgb, opened, orientation_of, upright

if TYPE_CHECKING:
    from collections.abc import Sequence

Pixels = npt.NDArray[np.uint8]

MOST_LEVELS_APART = 1

LEAST_SHRINK = 1.75
"""Over noise, 3 values in 10 million are two levels apart below 1.65, and none of 640 million from
1.7 on: there no two taps are heavy enough to add up two roundings."""

_HEIGHT, _WIDTH = 448, 616
_SAMPLES = (Crop(64), Crop(224), Crop(256), Crop(64, "bilinear"), Crop(224, "bilinear"))


class Reader(Protocol):
    """Photo bytes to crops."""

    @property
    def provenance(self) -> str:
        """The libraries and versions that make the pixels, for whatever stores them."""
        ...

    def __call__(self, data: bytes, crops: Sequence[Crop]) -> tuple[Pixels, ...]:
        """Each crop of the photo, size x size x 3; `UnreadableImage` where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ExactReader:
    """The reference: Pillow, and what kept the fast path from being taken, if it was asked for."""

    because: str = ""

    @property
    def provenance(self) -> str:
        """Pillow and its libjpeg-turbo."""
        jpeg = features.version("libjpeg_turbo") or features.version("jpg")
        made = f"decoded and resized by Pillow {PIL.__version__} (libjpeg-turbo {jpeg})"
        return f"{made}; not the fast path: {self.because}" if self.because else made

    def __call__(self, data: bytes, crops: Sequence[Crop]) -> tuple[Pixels, ...]:
        """See `Reader`."""
        image = decode_rgb(data)
        return tuple(_exact(image, crop) for crop in crops)


@dataclass(frozen=True, slots=True)
class FastReader:
    """simplejpeg (Pillow for what that is not trusted with, with equal pixels), then torch."""

    @property
    def provenance(self) -> str:
        """The decoder, and torch with the instruction set that its kernels use."""
        from flickrexif.imaging import torch_resize

        decoder = f"simplejpeg {version(turbo.NAME)} or Pillow {PIL.__version__}"
        shrunk = f"resized as bytes by {torch_resize.BACKEND}"
        return f"decoded by {decoder}, {shrunk} (by Pillow below {LEAST_SHRINK} times)"

    def __call__(self, data: bytes, crops: Sequence[Crop]) -> tuple[Pixels, ...]:
        """See `Reader`."""
        from flickrexif.imaging import torch_resize

        pixels = self.decode(data)
        shorter = min(pixels.shape[:2])
        return tuple(
            torch_resize.resize_and_crop(pixels, crop)
            if shorter >= LEAST_SHRINK * crop.size
            else _exact(Image.fromarray(pixels), crop)
            for crop in crops
        )

    def decode(self, data: bytes) -> Pixels:
        """All pixels of the photo, height x width x 3: those of `decode_rgb`."""
        with opened(data) as image:
            orientation = orientation_of(image)
            pixels = turbo.decode(data, image)
        if pixels is None:
            return np.array(decode_rgb(data))
        if orientation == 1:
            return pixels
        return np.array(upright(Image.fromarray(pixels), orientation))


def exact_reader() -> Reader:
    """The reader whose pixels are the reference's, bit for bit."""
    return ExactReader()


@cache
def fast_reader() -> Reader:
    """The fastest reader within a level of the reference that this machine has."""
    if find_spec("torch") is None:
        return ExactReader("torch is not installed")
    levels = levels_apart()
    if levels > MOST_LEVELS_APART:
        return ExactReader(f"torch's pixels are {levels} levels from Pillow's here")
    return FastReader()


def levels_apart() -> int:
    """The largest difference between the two resizers on an image of noise, over some crops."""
    from flickrexif.imaging import torch_resize

    words = np.random.Philox(key=0).random_raw(_HEIGHT * _WIDTH * 3 // 8)
    pixels = words.astype("<u8").view(np.uint8).reshape(_HEIGHT, _WIDTH, 3)
    image = Image.fromarray(pixels)
    apart = [
        np.abs(torch_resize.resize_and_crop(pixels, crop).astype(int) - _exact(image, crop)).max()
        for crop in _SAMPLES
    ]
    return int(max(apart))


def _exact(image: Image.Image, crop: Crop) -> Pixels:
    return np.asarray(resize_and_crop(image, crop.size, crop.interpolation))
