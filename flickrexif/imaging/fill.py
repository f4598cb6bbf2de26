"""Put a mask on pixels: PIL images, NumPy arrays and torch tensors, with one result.

Arrays are uint8, height x width x 3, one photo at a time. Tensors are N x 3 x height x width on
any device, uint8 or normalised floats, with a photo id for each. Of equal photos all three forms
get equal bytes, and normalised floats get what normalising these bytes gives; ``normalised_zero``
alone is exactly 0 there, and the nearest byte elsewhere.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging.mask import MaskSpec, PhotoName, hidden, philox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from flickrexif.imaging.normalise import Normalisation

Pixels = npt.NDArray[np.uint8]


@overload
def apply(
    image: Image.Image,
    spec: MaskSpec,
    photo_id: PhotoName = 0,
    *,
    normalisation: Normalisation | None = None,
) -> Image.Image: ...
@overload
def apply(
    image: Pixels,
    spec: MaskSpec,
    photo_id: PhotoName = 0,
    *,
    normalisation: Normalisation | None = None,
) -> Pixels: ...
@overload
def apply(
    image: Tensor,
    spec: MaskSpec,
    photo_id: Sequence[PhotoName],
    *,
    normalisation: Normalisation | None = None,
) -> Tensor: ...
def apply(
    image: Any, spec: MaskSpec, photo_id: Any = 0, *, normalisation: Normalisation | None = None
) -> Any:
    """A copy of ``image`` with the hidden pixels replaced, of its own kind.

    ``normalisation`` is the encoder's: of a batch of floats, and of the fill ``normalised_zero``.
    Raises `ValueError` for pixels of another shape or type, `UsageError` for a mask that does not
    fit them.
    """
    if isinstance(image, Image.Image):
        return Image.fromarray(_masked(np.asarray(image), spec, photo_id, normalisation))
    if isinstance(image, np.ndarray):
        return _masked(image, spec, photo_id, normalisation)
    from flickrexif.imaging.torch_mask import masked

    return masked(image, spec, photo_id, normalisation)


def colour_of(spec: MaskSpec, normalisation: Normalisation | None) -> tuple[int, int, int] | None:
    """The one colour of a fill; None for mean and noise, which differ by photo."""
    if spec.fill in {"mean", "noise"}:
        return None
    if spec.fill == "black":
        return 0, 0, 0
    if spec.fill.startswith("#"):
        red, green, blue = bytes.fromhex(spec.fill[1:])
        return red, green, blue
    if normalisation is None:
        raise UsageError(
            "mask fill 'normalised_zero' is the encoder's mean: give its normalisation, "
            "or a colour such as #7c7468"
        )
    return normalisation.zero


def noise(spec: MaskSpec, photo_id: PhotoName, height: int, width: int) -> Pixels:
    """Uniform bytes of one photo, height x width x 3."""
    size = height * width * 3
    words = philox(spec.seed, photo_id, b"noise").random_raw(math.ceil(size / 8))
    return words.astype("<u8").view(np.uint8)[:size].reshape(height, width, 3)


def _masked(
    image: Pixels, spec: MaskSpec, photo_id: PhotoName, normalisation: Normalisation | None
) -> Pixels:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected uint8 height x width x 3, got {image.dtype} {image.shape}")
    covered = _covered(spec, image.shape[0], image.shape[1], photo_id)
    # Masks of whole bytes: a choice by pixel (np.where) costs as much as decoding the photo.
    shown: Pixels = image & ~covered
    colour = colour_of(spec, normalisation)
    if colour is None and spec.fill == "mean":
        colour = _mean(shown, covered)
    if colour == (0, 0, 0):
        return shown
    height, width = image.shape[:2]
    behind = noise(spec, photo_id, height, width) if colour is None else _plane(colour, width)
    return shown | (behind & covered)


def _covered(spec: MaskSpec, height: int, width: int, photo_id: PhotoName) -> Pixels:
    """255 in every channel of a hidden pixel, 0 in the others."""
    if not spec.differs_by_photo:
        return _shared(spec, height, width)
    bits = hidden(spec, height, width, photo_id, depth=3).view(np.int8)
    return np.negative(bits).view(np.uint8).reshape(height, width, 3)


@lru_cache(64)
def _shared(spec: MaskSpec, height: int, width: int) -> Pixels:
    bits = hidden(spec, height, width, depth=3).view(np.int8)
    return np.negative(bits).view(np.uint8).reshape(height, width, 3)


@lru_cache(64)
def _plane(colour: tuple[int, int, int], width: int) -> Pixels:
    return np.tile(np.array(colour, dtype=np.uint8), (1, width, 1))


def _mean(shown: Pixels, covered: Pixels) -> tuple[int, int, int]:
    """The mean of the visible pixels, rounded with halves to even; black when there are none."""
    seen = covered[:, :, 0].size - int(np.count_nonzero(covered[:, :, 0]))
    by_column = shown.sum(axis=0, dtype=np.int64)
    red, green, blue = (rounded(int(total), seen) for total in by_column.sum(axis=0))
    return red, green, blue


def rounded(total: int, count: int) -> int:
    """``total / count`` to the nearest whole number, halves to even; 0 of nothing."""
    if count == 0:
        return 0
    whole, rest = divmod(total, count)
    return whole + (2 * rest > count or (2 * rest == count and whole % 2))
