"""How a probe sees a photo: decoded, cropped, and with which pixels hidden."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import resize_and_crop
from flickrexif.imaging.decode import UnreadableImage, decode_rgb
from flickrexif.imaging.mask import MaskSpec, achieved_ratio, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

CROP = 224


@dataclass(frozen=True, slots=True)
class View:
    """``crop`` pixels square under ``mask`` (None hides nothing).

    ``prepared`` photos are cropped and masked already, as in a masked release.
    """

    crop: int
    mask: MaskSpec | None
    prepared: bool

    @classmethod
    def of(cls, manifest: Mapping[str, Any], mask: MaskSpec | None) -> View:
        """The view of a release: its own mask, or ``mask`` over a release of whole images.

        Raises `UsageError` when both have one: a photo is masked once.
        """
        crop = int(manifest.get("crop") or CROP)
        if mask is not None and mask.stage != "post_crop":
            raise UsageError("a probe masks after the crop: give a mask of stage 'post_crop'")
        if manifest.get("mask") is None:
            return cls(crop, mask, prepared=False)
        if mask is not None:
            raise UsageError("the release is masked already; probe it without a mask of your own")
        names = {field.name for field in dataclasses.fields(MaskSpec)}
        own = {k: v for k, v in (manifest.get("mask") or {}).items() if k in names}
        return cls(crop, MaskSpec(**own), prepared=True)

    @property
    def differs_by_photo(self) -> bool:
        """Whether each photo hides pixels of its own."""
        return self.mask is not None and self.mask.differs_by_photo

    @property
    def hidden(self) -> float:
        """The share of pixels that is hidden."""
        return achieved_ratio(self.mask, self.crop, self.crop) if self.mask else 0.0

    def visible(self, photo_ids: list[int]) -> Tensor:
        """Which pixels of these photos are visible: bool, H x W when alike, else N x H x W."""
        if self.mask is None:
            return torch.ones(self.crop, self.crop, dtype=torch.bool)
        if not self.differs_by_photo:
            return torch.from_numpy(visible(self.mask, self.crop, self.crop))
        masks = [visible(self.mask, self.crop, self.crop, photo_id) for photo_id in photo_ids]
        return torch.from_numpy(np.stack(masks))

    def pixels(self, image: bytes) -> Tensor:
        """uint8, 3 x crop x crop. Raises `UnreadableImage`, which says why, for a bad image."""
        decoded = decode_rgb(image)
        if not self.prepared:
            decoded = resize_and_crop(decoded, self.crop)
        elif decoded.size != (self.crop, self.crop):
            width, height = decoded.size
            found = f"{width}x{height}, not {self.crop}x{self.crop}"
            raise UnreadableImage("another size than stated", found)
        return torch.from_numpy(np.array(decoded)).permute(2, 0, 1).contiguous()
