"""What becomes of a photo before an encoder sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.imaging.crop import Crop
from flickrexif.imaging.normalise import Normalisation

if TYPE_CHECKING:
    from flickrexif.imaging.crop import Interpolation
    from flickrexif.imaging.normalise import Colour


@dataclass(frozen=True, slots=True)
class PreprocessSpec:
    """Resize the shorter side to ``crop``, cut the centre square out, normalise.

    ``crop`` in pixels; None is any size, as filters and convolutional networks take it. ``mean``
    and ``std`` are shares of white for red, green and blue; 0 and 1 leave bytes over 255.
    Raises `UsageError` for a value that does not fit.
    """

    crop: int | None = None
    interpolation: Interpolation = "bicubic"
    mean: Colour = (0.0, 0.0, 0.0)
    std: Colour = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        _ = self.normalisation, self.crop_or(1)  # each refuses what does not fit

    @property
    def normalisation(self) -> Normalisation:
        """Bytes to the numbers that the encoder takes."""
        return Normalisation(self.mean, self.std)

    def crop_or(self, size: int) -> Crop:
        """The crop that the encoder takes; one of ``size`` pixels where it takes any."""
        return Crop(size if self.crop is None else self.crop, self.interpolation)

    def words(self) -> dict[str, str]:
        """The spec as provenance tells it."""
        return {
            "crop": "any" if self.crop is None else f"{self.crop} px",
            "interpolation": self.interpolation,
            "mean": " ".join(f"{value:g}" for value in self.mean),
            "std": " ".join(f"{value:g}" for value in self.std),
        }
