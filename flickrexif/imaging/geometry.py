"""Which pixels of a rectangle a mask hides: the geometries, as boolean arrays.

Each comes in two alignments. ``whole`` hides whole shapes, as the published protocol does: the
rectangle with margins of ``round((side - sqrt(ratio) * side) / 2)`` (halves to even), or
``round(ratio * squares)`` squares. ``pixel`` hides exactly ``round(ratio * height * width)``
pixels: the outermost ring of the rectangle, or the last square, is then cut in reading order. A
ratio of 0 hides nothing and 1 all, in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from flickrexif.errors import UsageError

Geometry = Literal["center", "border", "random_patches", "checkerboard"]
Align = Literal["whole", "pixel"]
Hidden = npt.NDArray[np.bool_]
Squares = npt.NDArray[np.intp]
"""The flat indices of all squares, in the order in which a growing ratio hides them."""

Shape = Callable[[int, int, float, np.random.Philox], Hidden]
"""A geometry of one's own: (height, width, ratio, random words of this photo) → True where hidden,
bool of shape (height, width). It must be a function of these four alone."""


def middle(height: int, width: int, ratio: float, align: Align) -> Hidden:
    """The rectangle in the middle."""
    if align == "pixel":
        return _first(_nearness(height, width), round(ratio * height * width))
    top = round((height - math.sqrt(ratio) * height) / 2)
    left = round((width - math.sqrt(ratio) * width) / 2)
    inside = np.zeros((height, width), dtype=np.bool_)
    inside[top : height - top, left : width - left] = True
    return inside


def border(height: int, width: int, ratio: float, align: Align) -> Hidden:
    """All but the rectangle in the middle."""
    if align == "pixel":
        seen = height * width - round(ratio * height * width)
        return ~_first(_nearness(height, width), seen)
    return ~middle(height, width, 1 - ratio, align)


def random_squares(rows: int, columns: int, words: np.random.Philox) -> Squares:
    """Squares in random order."""
    # raw Philox words, not Generator.permutation: NumPy keeps only the former stable for ever
    return np.argsort(words.random_raw(rows * columns), kind="stable")


def dithered_squares(rows: int, columns: int) -> Squares:
    """Squares spread evenly: by the thresholds of an 8 x 8 Bayer matrix, ties in reading order."""
    return np.argsort(_bayer(rows, columns), axis=None, kind="stable")


def dithered_count(rows: int, columns: int, ratio: float) -> int:
    """How many squares have a threshold below ``ratio``: all of one threshold or none."""
    return int((_bayer(rows, columns) < 64 * ratio).sum())


def grid_of(height: int, width: int, patch: int) -> tuple[int, int]:
    """Rows and columns of squares; `UsageError` for a square larger than the image."""
    if patch > min(height, width):
        raise UsageError(
            f"mask patch {patch} px is larger than the image ({width} x {height} px): "
            f"give at most {min(height, width)}"
        )
    return math.ceil(height / patch), math.ceil(width / patch)


def squares(height: int, width: int, patch: int, chosen: Squares, *, depth: int = 1) -> Hidden:
    """Hide the ``chosen`` squares: (height, width * depth), each pixel ``depth`` times in a row."""
    rows, columns = grid_of(height, width, patch)
    grid = np.zeros(rows * columns, dtype=np.bool_)
    grid[chosen] = True
    across = np.repeat(grid.reshape(rows, columns), patch * depth, axis=1)[:, : width * depth]
    return np.repeat(across, patch, axis=0)[:height]


def squares_to_the_pixel(
    height: int, width: int, patch: int, order: Squares, ratio: float, *, depth: int = 1
) -> Hidden:
    """Hide exactly ``round(ratio * height * width)`` pixels of the squares in ``order``."""
    count = round(ratio * height * width)
    rows, columns = grid_of(height, width, patch)
    tall = np.minimum(patch, height - patch * np.arange(rows))
    wide = np.minimum(patch, width - patch * np.arange(columns))
    ends = np.cumsum(np.outer(tall, wide).ravel()[order])
    whole = int(np.searchsorted(ends, count, side="right"))
    hidden = squares(height, width, patch, order[:whole], depth=depth)
    rest = count - (int(ends[whole - 1]) if whole else 0)
    if rest:
        row, column = divmod(int(order[whole]), columns)
        left = slice(column * patch * depth, (column + 1) * patch * depth)
        cut = hidden[row * patch : (row + 1) * patch, left]
        cut[:] = (np.arange(cut.size) < rest * depth).reshape(cut.shape)
    return hidden


def own_shape(
    shape: Shape, height: int, width: int, ratio: float, words: np.random.Philox
) -> Hidden:
    """What a geometry of the caller's hides; `UsageError` when it is no mask of this image."""
    hidden = np.asarray(shape(height, width, ratio, words))
    if hidden.dtype != np.bool_ or hidden.shape != (height, width):
        size = " x ".join(map(str, reversed(hidden.shape)))
        raise UsageError(
            f"mask geometry {name_of(shape)!r} made {hidden.dtype} of {size} px for an image of "
            f"{width} x {height} px: it must return bool of the image's size"
        )
    return hidden


def name_of(geometry: Geometry | Shape) -> str:
    """The name by which a geometry is told."""
    if isinstance(geometry, str):
        return geometry
    return str(getattr(geometry, "__qualname__", type(geometry).__qualname__))


def _nearness(height: int, width: int) -> npt.NDArray[np.int64]:
    """How far a pixel is from the middle, in whole numbers: the rings of ever larger rectangles."""
    down = np.abs(2 * np.arange(height, dtype=np.int64) + 1 - height) * width
    across = np.abs(2 * np.arange(width, dtype=np.int64) + 1 - width) * height
    distance: npt.NDArray[np.int64] = np.maximum(down[:, None], across[None])
    return distance


def _first(keys: npt.NDArray[np.int64], count: int) -> Hidden:
    chosen = np.zeros(keys.size, dtype=np.bool_)
    chosen[np.argsort(keys, axis=None, kind="stable")[:count]] = True
    return chosen.reshape(keys.shape)


def _bayer(rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Thresholds 0..63 of an 8 x 8 Bayer matrix, tiled over the squares."""
    bayer = np.zeros((1, 1), dtype=np.int64)
    for _ in range(3):
        bayer = np.block([[4 * bayer, 4 * bayer + 2], [4 * bayer + 3, 4 * bayer + 1]])
    return np.tile(bayer, (math.ceil(rows / 8), math.ceil(columns / 8)))[:rows, :columns]
