"""How strongly two labellings of the same photos go together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def contingency(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many photos have each pair of levels; levels that no photo has are left out."""
    _, rows = np.unique(left, return_inverse=True)
    _, columns = np.unique(right, return_inverse=True)
    shape = (int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1)
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, (rows, columns), 1)
    return counts


def cramers_v(counts: NDArray[np.int64]) -> float:
    """Cramér's V of a table of counts, corrected for bias: 0 is independent, 1 is the same.

    The correction is that of Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", Journal
    of the Korean Statistical Society 42(3), 2013: chance alone gives about 0 whatever the number of
    levels. NaN where it is undefined: fewer than two photos, or a single level on either side.
    """
    counts = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
    photos, (rows, columns) = int(counts.sum()), counts.shape
    if photos < 2 or rows < 2 or columns < 2:
        return math.nan
    expected = np.outer(counts.sum(1), counts.sum(0)) / photos
    phi_squared = float(((counts - expected) ** 2 / expected).sum()) / photos
    corrected = max(0.0, phi_squared - (rows - 1) * (columns - 1) / (photos - 1))
    levels = min(
        rows - (rows - 1) ** 2 / (photos - 1) - 1,
        columns - (columns - 1) ** 2 / (photos - 1) - 1,
    )
    return min(1.0, math.sqrt(corrected / levels)) if levels > 0 else math.nan
