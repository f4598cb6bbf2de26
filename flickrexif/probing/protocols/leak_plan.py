"""What a leak check is asked to do."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import Crop
from flickrexif.imaging.mask import MaskSpec
from flickrexif.probing.plan import ProbePlan
from flickrexif.probing.protocols.unreadable import MOST_UNREADABLE, require_share

if TYPE_CHECKING:
    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders.protocol import Encoder

RATIOS = (0.0, 0.5, 0.75, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class LeakPlan:
    """The words of one leak check; equal words over equal images give equal results.

    Raises `UsageError` for a value that does not fit.
    """

    encoder: str | Encoder = "residual"
    """The name of one, or one of your own."""
    ratios: tuple[float, ...] = RATIOS
    """Shares of the area to hide, 0..1; each once, in ascending order, whatever order is given."""
    mask: MaskSpec = field(default_factory=MaskSpec)
    """All of the mask but its ratio."""
    crop: int = 224
    """Pixels a side, of an encoder that takes any."""
    most_unreadable: float = MOST_UNREADABLE
    """The share of images, 0..1, above which unreadable ones stop the check."""
    resamples: int = 1000
    """How many bootstrap resamples of the test images an interval takes."""
    seed: int = 0
    """Of splits that the set does not have, and of resamples."""
    device: Device = "auto"
    """Where the encoder embeds."""
    dtype: Dtype = "float32"
    """Of the encoder."""
    threads: int = 1
    """Of torch."""
    batch: int = 64
    """Images embedded at once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratios", tuple(sorted(set(self.ratios))))
        if not self.ratios:
            raise UsageError("a leak check needs at least one mask ratio, such as 0.9")
        if self.mask.stage != "post_crop":
            raise UsageError("a leak check masks after the crop: give a mask of stage 'post_crop'")
        require_share(self.most_unreadable)
        _ = self.masks, self.probe, Crop(self.crop)  # each refuses what does not fit

    @property
    def masks(self) -> tuple[MaskSpec, ...]:
        """The mask of each ratio."""
        return tuple(dataclasses.replace(self.mask, ratio=ratio) for ratio in self.ratios)

    @property
    def probe(self) -> ProbePlan:
        """The plan of the linear probe at each ratio."""
        return ProbePlan(
            resamples=self.resamples,
            seed=self.seed,
            device=self.device,
            dtype=self.dtype,
            threads=self.threads,
            batch=self.batch,
        )
