"""A photo reduced to what tells copies of one picture from two pictures of one subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

EDGE = 32
_HASH_EDGE = 8
_LEAST_CONTRAST = 2.0
_FREQUENCIES = np.arange(_HASH_EDGE)[:, None] * (2 * np.arange(EDGE)[None] + 1)
_COSINES = np.cos(np.pi * _FREQUENCIES / (2 * EDGE)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """The luminance of a photo at 32 x 32, and a 64-bit hash of its low frequencies."""

    pattern: npt.NDArray[np.float32] | None
    """32 x 32, mean 0 and deviation 1; None for a photo so flat that nothing can be compared."""
    phash: int
    """Bit set where one of the 8 x 8 lowest DCT-II coefficients exceeds their median."""

    @classmethod
    def of(cls, grey: Image.Image) -> Self:
        """Reduce an upright grey photo."""
        small = grey.resize((EDGE, EDGE), Image.Resampling.BOX)
        levels = np.asarray(small, dtype=np.float32)
        deviation = float(levels.std())
        flat = deviation < _LEAST_CONTRAST
        return cls(None if flat else (levels - levels.mean()) / deviation, _hash(levels))

    def difference(self, other: Thumbnail) -> float:
        """Mean absolute difference of the patterns, in deviations; infinite for flat photos."""
        if self.pattern is None or other.pattern is None:
            return float("inf")
        return float(np.abs(self.pattern - other.pattern).mean())


def _hash(levels: npt.NDArray[np.float32]) -> int:
    lowest = _COSINES @ levels @ _COSINES.T
    bits = np.packbits((lowest > np.median(lowest)).ravel())
    return int.from_bytes(bits.tobytes())


def close_hashes(hashes: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.intp]:
    """Pairs of indices (i < j) of ``hashes`` that differ in at most ``bits`` bits, shape (n, 2).

    Compares all with all, a row at a time: memory grows with the number of hashes, not its square.
    """
    found = [np.empty((0, 2), dtype=np.intp)]
    for i in range(len(hashes) - 1):
        distances = np.bitwise_count(hashes[i + 1 :] ^ hashes[i])
        (close,) = np.nonzero(distances <= bits)
        found.append(np.column_stack((np.full_like(close, i), close + i + 1)))
    return np.concatenate(found)
