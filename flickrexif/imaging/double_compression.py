"""Whether a JPEG file was a JPEG file before, on the same grid: a hint, not a verdict.

Coefficients that were quantised twice, first by coarser steps, crowd on some values and are missing
from others. What they were before any quantisation is seen on a grid shifted by half a block, where
a first compression left no such gaps. That picture is quantised once by the file's own steps, and
twice, first by libjpeg's of each lower quality; the one nearest to the file's own histograms tells.
After J. Lukas and J. Fridrich, "Estimation of Primary Quantization Matrix in Double Compressed JPEG
Images", DFRWS 2003; here with the sum of absolute differences as the distance, and with the
rounding of pixels after each compression as noise.

Only a first compression of lower quality leaves gaps; a resize, a rotation or a crop off the grid
takes them away. So False says that no gaps were found, never that the file is the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flickrexif.imaging.decode import UnreadableImage, opened
from flickrexif.imaging.jpeg_tables import LUMA, scaled_table, table_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = npt.NDArray[np.float32]
Counts = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]

LOWEST_QUALITY = 30
LEAST_BELOW = 3
"""First qualities from the lowest to this much below the file's own are looked for; above that the
two tables are too alike."""

LARGEST_RATIO = 0.75
"""The hint is given where the distance for two compressions is below this part of that for one. Of
106 real photos compressed once at 12 qualities from 40 to 100, none came below 0.87; of 27 of them
compressed before, at 5 or more below a quality of 80 to 100, none came above 0.50."""

LEAST_BLOCKS = 500
"""Distinct blocks with detail that it takes; the few that a drawing repeats tell nothing."""

LARGEST_SIDE = 1024
"""Pixels of the middle of the image that are examined."""

BINS_PER_UNIT, LARGEST = 4, 256
"""Of the coefficients not yet quantised; a larger one counts as the largest."""

_PLACES = np.array([8 * row + column for row in range(6) for column in range(6 - row)][1:])
"""The 20 lowest frequencies but the mean; higher ones are mostly zero."""

_NOISE = np.linspace(-0.8, 0.8, 9)
_NOISE_SHARES = np.exp(-6 * _NOISE**2) / np.exp(-6 * _NOISE**2).sum()
"""Of a coefficient whose block was rounded to whole pixels: Gaussian, with their variance of 1/12,
for the transform is orthonormal."""


@dataclass(frozen=True, slots=True)
class DoubleCompression:
    """What was found; both are None for a file that cannot be examined."""

    found: bool | None = None
    first_quality: int | None = None
    """libjpeg's quality of the first compression, estimated; where there was one."""


def double_compression(content: bytes) -> DoubleCompression:
    """Whether ``content`` was compressed before, at a lower quality and on the same grid.

    Both answers are None for what is no sound JPEG file in gray or YCbCr, has too little detail, or
    is itself of too low a quality (below 33). The image is decoded whole, its luma examined.
    """
    try:
        with opened(content) as image:
            told = _luma_steps(image)
            luma = None if told is None else _luma(image)
    except UnreadableImage:
        return DoubleCompression()
    if told is None or luma is None:
        return DoubleCompression()
    quality, steps = told
    firsts = range(LOWEST_QUALITY, quality - LEAST_BELOW + 1)
    stored = _coefficients(luma)
    if not firsts or _distinct_blocks(stored, steps) < LEAST_BLOCKS:
        return DoubleCompression()
    once, twice = _distances(stored, _coefficients(luma[4:-4, 4:-4]), steps, firsts)
    nearest = int(twice.argmin())
    if twice[nearest] >= LARGEST_RATIO * once:
        return DoubleCompression(found=False)
    return DoubleCompression(found=True, first_quality=firsts[nearest])


def _luma_steps(image: Any) -> tuple[int, Steps] | None:
    """The quality of the luma table, and its steps; None for what has no luma."""
    is_jpeg = image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB")
    if not is_jpeg or (image.mode == "RGB" and image.info.get("adobe_transform") == 0):
        return None
    facts = table_facts(image.quantization, image.layer[:1])
    if facts is None:
        return None
    steps = np.array(image.quantization[image.layer[0][3]])[_PLACES]
    return (facts.quality, steps) if steps.all() else None


def _luma(image: Any) -> Values:
    """The luma of the middle, as it is stored, from the corner of a block on."""
    image.draft("L", image.size)  # at full size: luma alone, without a change of colour
    left, top = (max(side - LARGEST_SIDE, 0) // 16 * 8 for side in image.size)
    middle = np.asarray(image)[top : top + LARGEST_SIDE, left : left + LARGEST_SIDE]
    return middle.astype(np.float32)


def _coefficients(luma: Values) -> Values:
    """Blocks x frequencies: the cosine transform of JPEG at `_PLACES`."""
    down, across = (side // 8 for side in luma.shape)
    blocks = luma[: 8 * down, : 8 * across].reshape(down, 8, across, 8).swapaxes(1, 2)
    coefficients: Values = blocks.reshape(-1, 64) @ _TRANSFORM
    return coefficients


def _transform() -> Values:
    """Pixels of a block x frequencies: equation A.3.3 of ISO/IEC 10918-1, the orthonormal DCT."""
    along = np.arange(8)
    cosines = np.cos((2 * along + 1) * along[:, None] * np.pi / 16) / 2
    cosines[0] /= np.sqrt(2)
    return np.kron(cosines, cosines).T[:, _PLACES].astype(np.float32)


_TRANSFORM = _transform()


def _distinct_blocks(coefficients: Values, steps: Steps) -> int:
    levels = np.rint(coefficients / steps).astype(np.int16)
    return len({block.tobytes() for block in levels[levels.any(axis=1)]})


def _distances(
    stored: Values, shifted: Values, steps: Steps, firsts: Sequence[int]
) -> tuple[float, Counts]:
    """How far the stored coefficients are from one compression, and from two by first quality."""
    tables = np.array([_first_steps(quality) for quality in firsts])
    once, twice = 0.0, np.zeros(len(firsts))
    for frequency, step in enumerate(steps.tolist()):
        seen = np.bincount(_levels(stored[:, frequency], step), minlength=_level_count(step))
        before = _fine_counts(shifted[:, frequency]) * (len(stored) / len(shifted))
        once += _apart(seen, _quantised(before, step) @ _noisy(step, step))
        first_steps = tables[:, frequency].tolist()
        of_each = {
            first: _apart(seen, _quantised(before, first) @ _twice(first, step))
            for first in set(first_steps)
        }
        twice += [of_each[first] for first in first_steps]
    return once, twice


@cache
def _first_steps(quality: int) -> Steps:
    steps: Steps = np.array(scaled_table(LUMA, quality))[_PLACES]
    return steps


def _apart(seen: npt.NDArray[np.int64], predicted: Counts) -> float:
    return float(np.abs(seen - predicted).sum())


def _levels(values: npt.NDArray[np.floating[Any]], step: int) -> npt.NDArray[np.int64]:
    levels: npt.NDArray[np.int64] = np.rint(np.minimum(np.abs(values), LARGEST) / step).astype(int)
    return levels


def _level_count(step: int) -> int:
    return round(LARGEST / step) + 1


def _fine_counts(coefficients: Values) -> Counts:
    bins = BINS_PER_UNIT * LARGEST
    places = np.minimum(np.abs(coefficients) * BINS_PER_UNIT, bins - 1).astype(np.int64)
    return np.bincount(places, minlength=bins).astype(np.float64)


def _quantised(fine: Counts, step: int) -> Counts:
    """Counts by level of ``step``, from those of `_fine_counts`."""
    counts = np.bincount(_levels_of_bins(step), fine, minlength=_level_count(step))
    return counts.astype(np.float64, copy=False)


@cache
def _levels_of_bins(step: int) -> npt.NDArray[np.int64]:
    return _levels((np.arange(BINS_PER_UNIT * LARGEST) + 0.5) / BINS_PER_UNIT, step)


@lru_cache(maxsize=2048)
def _twice(first: int, step: int) -> Counts:
    """Levels of ``first`` x levels of ``step``: what is read from the file compressed again."""
    read: Counts = _noisy(first, step) @ _noisy(step, step)
    return read


@lru_cache(maxsize=512)
def _noisy(before: int, step: int) -> Counts:
    """Levels of ``before`` x levels of ``step``: the shares, after the rounding of pixels."""
    count = _level_count(before)
    shares = np.zeros((count, _level_count(step)))
    levels = _levels(np.add.outer(before * np.arange(count), _NOISE), step)
    np.add.at(shares, (np.arange(count)[:, None], levels), _NOISE_SHARES)
    return shares
