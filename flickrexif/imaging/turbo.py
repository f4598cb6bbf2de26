"""JPEG pixels by simplejpeg (libjpeg-turbo): those of Pillow, sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

NAME = "simplejpeg"

_COLOUR_SPACES = {"RGB": "RGB", "L": "GRAY"}


def decode(data: bytes, image: Image.Image) -> npt.NDArray[np.uint8] | None:
    """The pixels, height x width x 3, of the JPEG ``data`` that ``image`` is opened from.

    None for what is left to Pillow: another format, CMYK, and any file that libjpeg-turbo has so
    much as a warning about, so that one judge alone says what is truncated.
    """
    if image.format not in {"JPEG", "MPO"} or image.mode not in _COLOUR_SPACES:
        return None
    import simplejpeg

    try:
        pixels: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(
            data, _COLOUR_SPACES[image.mode], strict=True
        )
    except ValueError:
        return None
    if pixels.shape[2] == 3:
        return pixels
    grey: npt.NDArray[np.uint8] = np.repeat(pixels, 3, axis=2)
    return grey
