"""How a probe sees a photo: decoded, cropped, and with which pixels hidden."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import Crop
from flickrexif.imaging.decode import UnreadableImage, decode_rgb
from flickrexif.imaging.mask import MaskSpec, achieved_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.imaging.reading import Pixels, Reader
    from flickrexif.probing.encoders.protocol import Encoder

CROP = 224


@dataclass(frozen=True, slots=True)
class View:
    """Squares under ``mask`` (None hides nothing), of ``crop`` pixels where an encoder takes any.

    ``prepared`` photos are cropped and masked already, as in a masked release.
    """

    crop: int
    mask: MaskSpec | None
    prepared: bool

    @classmethod
    def of(
        cls, manifest: Mapping[str, Any], mask: MaskSpec | None, *, crop: int | None = None
    ) -> View:
        """The view of a release: its own mask, or ``mask`` over a release of whole images.

        Raises `UsageError` when both have one, as a photo is masked once, and for another ``crop``
        than photos were masked at.
        """
        size = Crop(int(manifest.get("crop") or CROP) if crop is None else crop).size
        if mask is not None and mask.stage != "post_crop":
            raise UsageError("a probe masks after the crop: give a mask of stage 'post_crop'")
        if manifest.get("mask") is None:
            return cls(size, mask, prepared=False)
        if mask is not None:
            raise UsageError("the photos are masked already: give no mask of your own")
        names = {field.name for field in dataclasses.fields(MaskSpec)}
        own = {k: v for k, v in (manifest.get("mask") or {}).items() if k in names}
        masked_at = int(manifest.get("crop") or CROP)
        if crop not in (None, masked_at):
            raise UsageError(
                f"the photos are masked at {masked_at} px already, not {crop}: leave the crop out"
            )
        return cls(masked_at, MaskSpec(**own), prepared=True)

    def crop_for(self, encoder: Encoder) -> Crop:
        """What ``encoder`` is shown; `UsageError` when prepared photos are of another size."""
        crop = encoder.preprocess.crop_or(self.crop)
        if self.prepared and crop.size != self.crop:
            raise UsageError(
                f"encoder {encoder.name!r} takes {crop.size} px, and the photos are masked at "
                f"{self.crop} px already: build the release with --crop {crop.size}, or whole "
                "with --kind images"
            )
        return crop

    def hidden(self, crop: Crop) -> float:
        """The share of pixels that is hidden in ``crop``."""
        return achieved_ratio(self.mask, crop.size, crop.size) if self.mask else 0.0

    def pixels(self, content: bytes, crops: Sequence[Crop], reader: Reader) -> tuple[Pixels, ...]:
        """Each crop of a photo, 3 x size x size. Raises `UnreadableImage`, which says why."""
        if not self.prepared:
            found = reader(content, crops)
        else:
            found = (self._prepared(content),) * len(crops)
        return tuple(np.ascontiguousarray(pixels.transpose(2, 0, 1)) for pixels in found)

    def _prepared(self, content: bytes) -> Pixels:
        decoded = np.asarray(decode_rgb(content))
        height, width = decoded.shape[:2]
        if (height, width) != (self.crop, self.crop):
            told = f"{width}x{height}, not {self.crop}x{self.crop}"
            raise UnreadableImage("another size than stated", told)
        return decoded
