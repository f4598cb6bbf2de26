"""An encoder under a mask, on whatever device the images are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.imaging.fill import apply
from flickrexif.imaging.mask import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.imaging.mask import MaskSpec, PhotoName
    from flickrexif.probing.encoders.protocol import Encoder


def embed_masked(
    encoder: Encoder, images: Tensor, mask: MaskSpec | None, photo_ids: Sequence[PhotoName]
) -> Tensor:
    """Embed ``images`` (uint8, N x 3 x H x W) as ``mask`` leaves and fills them: float32, N x D.

    The encoder is handed filled images, so that not even one that overlooks ``visible`` sees what
    is hidden. Images that are masked already come out the same: a mask twice is a mask once.
    """
    seen = visible_of(mask, images, photo_ids)
    if mask is None:
        return encoder(images, seen)
    filled = apply(images, mask, photo_ids, normalisation=encoder.preprocess.normalisation)
    return encoder(filled, seen) if mask.fill == "black" else encoder(filled, seen, fill=filled)


def visible_of(mask: MaskSpec | None, images: Tensor, photo_ids: Sequence[PhotoName]) -> Tensor:
    """Which pixels are visible: bool, H x W when alike for all, else N x H x W."""
    height, width = images.shape[-2:]
    if mask is None:
        return torch.ones(height, width, dtype=torch.bool)
    if not mask.differs_by_photo:
        return torch.from_numpy(visible(mask, height, width))
    return torch.from_numpy(np.stack([visible(mask, height, width, name) for name in photo_ids]))
