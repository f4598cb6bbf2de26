"""Photos as batches: for every lane, what its encoder is shown of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.mask import PhotoName
    from flickrexif.probing.embedding.reading import ReadPhoto
    from flickrexif.probing.embedding.run import Lane


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What one encoder is shown of a batch: ``images`` uint8, N x 3 x size x size, one or more."""

    photo_ids: Sequence[int]
    names: Sequence[PhotoName]
    images: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Photos that are embedded together."""

    photos: Sequence[ReadPhoto]
    """All of them, also those that cannot be read."""
    shown: Mapping[int, Shown]
    """By the lane's place; none for a lane that has them all from an earlier run."""


@dataclass(frozen=True, slots=True, eq=False)
class Batching:
    """Makes batches of ``size`` photos for ``lanes``; a photo has its crops as ``crops`` says."""

    lanes: Sequence[Lane]
    crops: Sequence[Crop]
    size: int
    pinned: bool
    """In memory that a GPU fetches from by itself, while the CPU goes on."""

    def __call__(self, photos: Iterator[ReadPhoto]) -> Iterator[Batch]:
        """Yield ``photos`` in order, each once."""
        while group := list(islice(photos, self.size)):
            yield Batch(group, self._shown([photo for photo in group if not photo.reason]))

    def _shown(self, sound: Sequence[ReadPhoto]) -> dict[int, Shown]:
        images: dict[Crop, Tensor] = {}
        shown: dict[int, Shown] = {}
        for place, lane in enumerate(self.lanes):
            rows = [row for row, photo in enumerate(sound) if photo.photo_id not in lane.store]
            if not rows:
                continue
            if lane.crop not in images:
                images[lane.crop] = self._stacked(sound, self.crops.index(lane.crop))
            stacked = images[lane.crop]
            shown[place] = Shown(
                photo_ids=[sound[row].photo_id for row in rows],
                names=[sound[row].name for row in rows],
                images=stacked if len(rows) == len(sound) else stacked[rows],
            )
        return shown

    def _stacked(self, sound: Sequence[ReadPhoto], crop: int) -> Tensor:
        images = [torch.from_numpy(photo.crops[crop]) for photo in sound]
        shape = len(images), *images[0].shape
        return torch.stack(
            images, out=torch.empty(shape, dtype=torch.uint8, pin_memory=self.pinned)
        )
