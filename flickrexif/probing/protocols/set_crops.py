"""The images of a set at the crop of an encoder: each decoded and cropped once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import Crop
from flickrexif.imaging.decode import UnreadableImage
from flickrexif.imaging.reading import exact_reader
from flickrexif.probing.protocols.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from flickrexif.imaging.image_set import ImageSet, SetImage
    from flickrexif.imaging.reading import Pixels
    from flickrexif.probing.encoders import Encoder
    from flickrexif.progress import Progress

T = TypeVar("T")

CROP = 224
"""Pixels a side where the encoder asks for none."""


def crop_of(encoder: Encoder | None, size: int | None = None) -> Crop:
    """The crop that ``encoder`` takes; one of ``size`` pixels, or `CROP`, where it takes any.

    Raises `UsageError` where it takes another than ``size``.
    """
    if encoder is None:
        return Crop(size or CROP)
    spec = encoder.preprocess
    if size is not None and spec.crop not in (None, size):
        raise UsageError(
            f"encoder {encoder.name!r} takes {spec.crop} px, not {size}: leave the crop to it"
        )
    return spec.crop_or(size or CROP)


@dataclass(slots=True)
class SoundCrops:
    """Images as crops (uint8, crop x crop x 3); those that cannot be read are told and left out.

    Raises `UsageError` when these are too many.
    """

    path: Path
    crop: Crop
    progress: Progress
    skipped: Unreadable

    @classmethod
    def of(
        cls, path: Path, count: int, crop: Crop, *, most_unreadable: float, progress: Progress
    ) -> SoundCrops:
        """Those of the ``count`` images at ``path``, of which a share may be unreadable."""
        unreadable = Unreadable(f"{count} images of {str(path)!r}", count, most_unreadable)
        return cls(path, crop, progress, unreadable)

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Name → reason."""
        return self.skipped.reasons

    def __call__(self, images: Iterable[SetImage]) -> Iterator[tuple[SetImage, Pixels]]:
        """Yield each sound image with its crop, which may be written to."""
        reader = exact_reader()
        for image in images:
            self.progress.advance()
            try:
                (pixels,) = reader(image.content, (self.crop,))
            except UnreadableImage as error:
                self.skipped.add(image.name, error.reason)
                continue
            yield image, np.array(pixels)


def require_classes(images: ImageSet) -> None:
    """Raise `UsageError` unless the images of the set are of two classes or more."""
    if not images.classes:
        raise UsageError(
            f"the images of {str(images.path)!r} have no labels: put them into one folder per "
            "class, or give the parquet a column 'label'"
        )
    if len(images.classes) < 2:
        raise UsageError(
            f"all images of {str(images.path)!r} are of one class, {images.classes[0]!r}: "
            "add a second class, in a folder of its own"
        )


def groups_of(images: Iterable[T], size: int) -> Iterator[list[T]]:
    """``images`` by ``size`` at once, in their order; the last group may be smaller."""
    listed = iter(images)
    while group := list(islice(listed, size)):
        yield group


def batch_of(crops: list[Pixels]) -> torch.Tensor:
    """Crops (uint8, H x W x 3) as encoders take them: N x 3 x H x W."""
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous()
