"""An encoder's normalisation: bytes to the numbers that it was trained on, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """``(x / 255 - mean) / std`` per channel, as torchvision's ToTensor and Normalize have it."""

    mean: Colour
    std: Colour

    def __post_init__(self) -> None:
        if len(self.mean) != 3 or not all(0 <= value <= 1 for value in self.mean):
            raise UsageError(f"mean {self.mean!r} is no colour: give three shares from 0 to 1")
        if len(self.std) != 3 or not all(value > 0 for value in self.std):
            raise UsageError(f"std {self.std!r} does not fit: give three positive shares")

    def __call__(self, images: Tensor) -> Tensor:
        """uint8 N x 3 x H x W → float32 of the same shape, on the same device."""
        mean, std = self._planes(images)
        return (images.float() / 255 - mean) / std

    def to_bytes(self, images: Tensor) -> Tensor:
        """The whole grey levels (float32) that `__call__` made ``images`` from."""
        mean, std = self._planes(images)
        return ((images.float() * std + mean) * 255).round()

    @property
    def zero(self) -> tuple[int, int, int]:
        """The bytes nearest to zero: the mean."""
        red, green, blue = (round(255 * value) for value in self.mean)
        return red, green, blue

    def _planes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        import torch

        pair = torch.tensor([self.mean, self.std], device=images.device)[:, None, :, None, None]
        return pair[0], pair[1]
