"""Masks on a batch of tensors, on their device. Only `flickrexif.imaging.fill` imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.imaging.fill import colour_of, noise
from flickrexif.imaging.mask import MaskSpec, PhotoName, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.imaging.normalise import Normalisation


def masked(
    images: Tensor,
    spec: MaskSpec,
    photo_ids: Sequence[PhotoName],
    normalisation: Normalisation | None,
) -> Tensor:
    """``images`` (N x 3 x height x width, uint8 or floats) under ``spec``; see `fill.apply`."""
    _check(images, photo_ids, normalisation)
    seen = visible_of(spec, images, photo_ids)
    return torch.where(seen, images, _behind(images, seen, spec, photo_ids, normalisation))


def visible_of(spec: MaskSpec, images: Tensor, photo_ids: Sequence[PhotoName]) -> Tensor:
    """Bool, 1 or N x 1 x height x width, on the device of ``images``."""
    height, width = images.shape[-2:]
    names = photo_ids if spec.differs_by_photo else [0]
    each = np.stack([visible(spec, height, width, name) for name in names])
    return torch.from_numpy(each).to(images.device)[:, None]


def _behind(
    images: Tensor,
    seen: Tensor,
    spec: MaskSpec,
    photo_ids: Sequence[PhotoName],
    normalisation: Normalisation | None,
) -> Tensor:
    if spec.fill == "normalised_zero" and images.is_floating_point():
        return images.new_zeros(())
    height, width = images.shape[-2:]
    colour = colour_of(spec, normalisation)
    if colour is not None:
        found = torch.tensor(colour, dtype=torch.uint8, device=images.device)[None, :, None, None]
    elif spec.fill == "mean":
        found = _mean(images, seen, normalisation)
    else:
        each = np.stack([noise(spec, name, height, width) for name in photo_ids])
        found = torch.from_numpy(each).to(images.device).permute(0, 3, 1, 2)
    if normalisation is None or not images.is_floating_point():
        return found
    return normalisation(found).to(images.dtype)


def _mean(images: Tensor, seen: Tensor, normalisation: Normalisation | None) -> Tensor:
    """The mean of the visible pixels, N x 3 x 1 x 1, rounded with halves to even as in NumPy."""
    levels = images
    if normalisation is not None and images.is_floating_point():
        levels = normalisation.to_bytes(images)
    total = (levels.long() * seen).sum((2, 3), keepdim=True)
    count = seen.sum((2, 3), keepdim=True)
    whole, rest = total // count.clamp_min(1), total % count.clamp_min(1)
    up = (2 * rest > count) | ((2 * rest == count) & (whole % 2 == 1))
    return torch.where(count > 0, whole + up, 0).to(torch.uint8)


def _check(
    images: Tensor, photo_ids: Sequence[PhotoName], normalisation: Normalisation | None
) -> None:
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[1] != 3:
        shape = tuple(getattr(images, "shape", ()))
        raise ValueError(f"expected a tensor N x 3 x height x width, got {type(images)} {shape}")
    if not isinstance(photo_ids, list | tuple) or len(photo_ids) != len(images):
        raise ValueError(f"{len(images)} images need as many photo ids, got {photo_ids!r}")
    if images.is_floating_point() and normalisation is None:
        raise UsageError("a batch of floats needs the encoder's normalisation to be masked")
    if not images.is_floating_point() and images.dtype != torch.uint8:
        raise ValueError(f"expected uint8 or floats, got {images.dtype}")
