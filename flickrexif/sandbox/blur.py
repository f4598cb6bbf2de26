"""A quick small Gaussian for float planes: three taps per axis and pass, in strips for the cache.

A pass with taps ``[s, 1 - 2 s, s]`` that lie d pixels apart adds ``2 s d**2`` to the variance; d
doubles from pass to pass, so that even a blur of two pixels takes three passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

STRIP_ROWS = 48
WIDEST_TAP = 1 / 3
NEGLIGIBLE_VARIANCE = 0.02


def blur(plane: Plane, sigma: float) -> Plane:
    """Return an ``(H, W)`` plane blurred by ``sigma`` pixels (to about 4); edges are repeated."""
    variance, apart = sigma * sigma, 1
    while variance > NEGLIGIBLE_VARIANCE:
        step = min(variance, 2 * WIDEST_TAP * apart**2)
        plane = _one_pass(plane, np.float32(step / (2 * apart**2)), apart)
        variance -= step
        apart *= 2
    return plane


def _one_pass(plane: Plane, side: np.float32, apart: int) -> Plane:
    height, width = plane.shape
    out = np.empty_like(plane)
    sums = np.empty((STRIP_ROWS, width), np.float32)
    middle = np.float32(1 - 2 * side)
    for top in range(0, height, STRIP_ROWS):
        end = min(top + STRIP_ROWS, height)
        pair, strip = sums[: end - top], out[top:end]
        _add_rows(plane, top, end, apart, pair)
        pair *= side
        column = plane[top:end] * middle
        column += pair
        _add_columns(column, apart, pair)
        pair *= side
        np.multiply(column, middle, out=strip)
        strip += pair
    return out


def _add_rows(plane: Plane, top: int, end: int, apart: int, out: Plane) -> None:
    """Put the sum of the row above and the row below each row into ``out``."""
    height = len(plane)
    if top >= apart and end + apart <= height:
        np.add(plane[top - apart : end - apart], plane[top + apart : end + apart], out=out)
        return
    rows = np.arange(top, end)
    above, below = np.maximum(rows - apart, 0), np.minimum(rows + apart, height - 1)
    np.add(plane[above], plane[below], out=out)


def _add_columns(strip: Plane, apart: int, out: Plane) -> None:
    """Put the sum of the left and the right neighbour of each pixel into ``out``."""
    both = 2 * apart
    np.add(strip[:, :-both], strip[:, both:], out=out[:, apart:-apart])
    np.add(strip[:, :1], strip[:, apart:both], out=out[:, :apart])
    np.add(strip[:, -1:], strip[:, -both:-apart], out=out[:, -apart:])
