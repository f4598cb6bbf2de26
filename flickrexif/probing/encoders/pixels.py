"""The visible pixels themselves, averaged down: the colour control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from flickrexif.probing.encoders.code import code_digest
from flickrexif.probing.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.probing.encoders.protocol import Family


@dataclass(frozen=True, slots=True)
class PixelsEncoder:
    """The mean colour of the visible pixels in each cell of a ``grid`` x ``grid`` raster.

    A cell in which nothing is visible says 0. It sees no more than the colours of the scene, so
    what it finds is not the camera's trace: compare it with the other encoders.
    """

    name: str = "pixels"
    grid: int = 8

    @property
    def family(self) -> Family:
        """It sees colours only: what it finds is no trace."""
        return "control"

    @property
    def preprocess(self) -> PreprocessSpec:
        """Any size."""
        return PreprocessSpec()

    @property
    def dim(self) -> int:
        """Three colours per cell."""
        return 3 * self.grid**2

    @property
    def provenance(self) -> Mapping[str, str]:
        """No weights; the hash is that of this code."""
        return {"weights": "averages", "sha256": code_digest(__name__), "dtype": "float32"}

    def __call__(self, images: Tensor, visible: Tensor, *, fill: Tensor | None = None) -> Tensor:
        """See `Encoder`; means are in 0 to 1."""
        seen = visible.expand(len(images), *visible.shape[-2:])[:, None].float()
        pixels = adaptive_avg_pool2d(images.float() / 255 * seen, self.grid)
        share = adaptive_avg_pool2d(seen, self.grid)
        return torch.where(share > 0, pixels / share.clamp_min(1e-9), 0.0).flatten(1)
