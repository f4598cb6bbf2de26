"""From a decoded photo to the masked crop that an encoder or a release gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from flickrexif.imaging.crop import Crop, resize_and_crop
from flickrexif.imaging.fill import apply

if TYPE_CHECKING:
    from flickrexif.imaging.mask import MaskSpec, PhotoName
    from flickrexif.imaging.normalise import Normalisation


def masked_crop(
    image: Image.Image,
    crop: Crop,
    spec: MaskSpec,
    photo_id: PhotoName = 0,
    *,
    normalisation: Normalisation | None = None,
) -> Image.Image:
    """``image`` (RGB) resized, cropped and masked, in the order that ``spec.stage`` says."""
    if spec.stage == "post_crop":
        cropped = resize_and_crop(image, crop.size, crop.interpolation)
        return apply(cropped, spec, photo_id, normalisation=normalisation)
    pixels = np.array(image)
    side = min(image.size)
    left, top = (round((whole - side) / 2) for whole in image.size)
    square = pixels[top : top + side, left : left + side]
    square[:] = apply(square, spec, photo_id, normalisation=normalisation)
    return resize_and_crop(Image.fromarray(pixels), crop.size, crop.interpolation)
