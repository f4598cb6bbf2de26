"""Which point of one photo is which of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from paircams.matching.features import Features, Points

RATIO = 0.85
"""The nearest point must be this much nearer than the second (Lowe 2004 has 0.8): with it, and
both ways, the rates in `paircams.limits` were measured."""


def matched(a: Features, b: Features) -> tuple[Points, Points]:
    """The points of ``a`` and of ``b`` that are each other's nearest, n x 2 each.

    Of several matches between the same two pixels one is kept: pyramids find corners repeatedly,
    and a homography would count them as that many witnesses.
    """
    if len(a.points) < 2 or len(b.points) < 2:
        return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
    apart = _distances(a.descriptors, b.descriptors)
    nearest = apart.argmin(axis=1)
    two = np.partition(apart, 1, axis=1)[:, :2]
    is_clear = two[:, 0] < RATIO * two[:, 1]
    is_mutual = apart.argmin(axis=0)[nearest] == np.arange(len(nearest))
    (mine,) = np.nonzero(is_clear & is_mutual)
    pairs = np.column_stack((a.points[mine], b.points[nearest[mine]]))
    _, first = np.unique(np.rint(pairs), axis=0, return_index=True)
    kept = pairs[np.sort(first)]
    return kept[:, :2], kept[:, 2:]


def _distances(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Every descriptor of ``a`` against every one of ``b``, by one matrix product.

    Bits: the Hamming distance, exact, from bits written as -1 and 1. Histograms of unit length: the
    Euclidean distance. Half the time of OpenCV's search in both directions.
    """
    if a.dtype == np.uint8:
        mine, other = (np.unpackbits(d, axis=1).astype(np.float32) * 2 - 1 for d in (a, b))
        bits: npt.NDArray[np.float32] = (mine.shape[1] - mine @ other.T) / 2
        return bits
    lengths: npt.NDArray[np.float32] = np.sqrt(np.maximum(2 - 2 * (a @ b.T), 0))
    return lengths
