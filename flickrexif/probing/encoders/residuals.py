"""High-pass residuals of images, where the whole support of their kernel is visible.

The kernels are those of the "spatial rich model": Fridrich and Kodovský, "Rich Models for
Steganalysis of Digital Images", IEEE TIFS 7(3), 2012.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flickrexif.probing.encoders.region import Region

Kernel = tuple[tuple[float, ...], ...]

KERNELS: Mapping[str, Kernel] = {
    "first_h": ((-1, 1),),
    "first_v": ((-1,), (1,)),
    "second_h": ((1, -2, 1),),
    "second_v": ((1,), (-2,), (1,)),
    "third_h": ((1, -3, 3, -1),),
    "third_v": ((1,), (-3,), (3,), (-1,)),
    "cross": ((1, -1), (-1, 1)),
    "square_3": ((-1, 2, -1), (2, -4, 2), (-1, 2, -1)),
    "square_5": (
        (-1, 2, -2, 2, -1),
        (2, -6, 8, -6, 2),
        (-2, 8, -12, 8, -2),
        (2, -6, 8, -6, 2),
        (-1, 2, -2, 2, -1),
    ),
}


class Part(NamedTuple):
    """One region of a batch: where it is, and its planes, N x C x h x w, float32."""

    region: Region
    planes: Tensor


class Map(NamedTuple):
    """One kernel's answers in one region, N x C x h x w, and the positions that count, h x w."""

    values: Tensor
    valid: Tensor

    def lagged(self, lag: tuple[int, int]) -> Map:
        """Products of each value with that ``lag`` (rows, columns) further, where both count."""
        down, across = lag
        height, width = self.valid.shape
        if height <= down or width <= across:
            return Map(self.values[..., :0, :0], self.valid[:0, :0])
        here = (..., slice(0, height - down), slice(0, width - across))
        there = (..., slice(down, height), slice(across, width))
        return Map(
            self.values[here] * self.values[there],
            self.valid[here] & self.valid[there],
        )


def filtered(parts: Iterable[Part], kernel: Kernel) -> Iterator[Map]:
    """The answers of ``kernel``, scaled to unit Euclidean norm, in each part it fits into.

    White noise of standard deviation s gives answers of standard deviation s.
    """
    high, wide = len(kernel), len(kernel[0])
    norm = math.sqrt(sum(weight**2 for row in kernel for weight in row))
    for region, planes in parts:
        height, width = planes.shape[2] - high + 1, planes.shape[3] - wide + 1
        if height < 1 or width < 1:
            continue
        values = planes.new_zeros(*planes.shape[:2], height, width)
        for row, column in product(range(high), range(wide)):
            shifted = planes[:, :, row : row + height, column : column + width]
            values.add_(shifted, alpha=kernel[row][column] / norm)
        yield Map(values, region.supported(high, wide))


def gathered(maps: Iterable[Map], like: Tensor) -> Tensor:
    """All values that count, N x C x P; a single zero each where there is none.

    ``like`` is any N x C x ... tensor: it gives the shape when ``maps`` is empty.
    """
    kept = [
        m.values.flatten(2) if m.valid.all() else m.values[:, :, m.valid]
        for m in maps
        if m.valid.any()
    ]
    return torch.cat(kept, dim=2) if kept else torch.zeros(*like.shape[:2], 1)
