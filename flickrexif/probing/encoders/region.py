"""The rectangles of an image in which something is visible."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A rectangle of an image, and which of its pixels are visible (bool, its height x width)."""

    top: int
    left: int
    visible: Tensor

    def cut(self, planes: Tensor) -> Tensor:
        """This rectangle of ``planes`` (... x H x W), with whatever stands at hidden pixels."""
        height, width = self.visible.shape
        return planes[..., self.top : self.top + height, self.left : self.left + width]

    def supported(self, height: int, width: int) -> Tensor:
        """Where a ``height`` x ``width`` kernel sees visible pixels only: bool, by position."""
        if self.visible.all():
            high, wide = self.visible.shape
            return torch.ones(high - height + 1, wide - width + 1, dtype=torch.bool)
        hidden = (~self.visible).float()[None, None]
        return max_pool2d(hidden, (height, width), stride=1)[0, 0] == 0


def regions(visible: Tensor) -> list[Region]:
    """Disjoint rectangles that hold every visible pixel of ``visible`` (bool, H x W).

    A hidden rectangle leaves up to four bands, read without touching what is hidden; any other
    mask is one region. Nothing visible gives no region.
    """
    if not visible.any():
        return []
    hidden = (~visible).nonzero()
    if len(hidden) == 0:
        return [Region(0, 0, visible)]
    (top, left), (bottom, right) = hidden.amin(0).tolist(), (hidden.amax(0) + 1).tolist()
    if (bottom - top) * (right - left) != len(hidden):
        return [Region(0, 0, visible)]
    bands = (
        (0, 0, visible[:top]),
        (top, 0, visible[top:bottom, :left]),
        (top, right, visible[top:bottom, right:]),
        (bottom, 0, visible[bottom:]),
    )
    return [Region(row, column, band) for row, column, band in bands if band.numel()]
