"""Scores of one probe, all from its confusion matrix: C x C counts, a row per true class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flickrexif.probing.controls import Labels


def confusion_matrix(predicted: Labels, truth: Labels, *, classes: int) -> NDArray[np.int64]:
    """How often each class (row) was said to be each class (column)."""
    pairs = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes)


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """The mean of the classes' F1 = 2 · right / (photos of it + times said).

    Over the classes that occur or are said; 0 for one that is never said, or said of others only.
    """
    right, marks = confusion.diagonal(), confusion.sum(0) + confusion.sum(1)
    met = marks > 0
    return float((2 * right[met] / marks[met]).mean())


def spearman(confusion: NDArray[np.int64]) -> float | None:
    """Spearman's rank correlation of what is said with what is true, equal ranks shared.

    None where it is undefined: all photos are of one class, or one class is said of all.
    """
    true, said = (_midranks(confusion.sum(axis)) for axis in (1, 0))
    photos = confusion.sum()
    true, said = true - (photos + 1) / 2, said - (photos + 1) / 2
    spread = (confusion.sum(1) @ true**2) * (confusion.sum(0) @ said**2)
    return float(true @ confusion @ said / math.sqrt(spread)) if spread > 0 else None


def kendall(confusion: NDArray[np.int64]) -> float | None:
    """Kendall's tau-b of what is said with what is true; None where `spearman` is.

    Pairs of photos in one order less those in the other, over the geometric mean of the pairs that
    differ in the one and in the other (Kendall, "The treatment of ties in ranking problems",
    Biometrika 33, 1945).
    """
    upwards, downwards = _pairs_above(confusion), _pairs_above(confusion[:, ::-1])
    apart = [_pairs(confusion.sum()) - _pairs(confusion.sum(axis)).sum() for axis in (1, 0)]
    spread = float(apart[0]) * float(apart[1])
    return float(upwards - downwards) / math.sqrt(spread) if spread > 0 else None


def _midranks(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean rank, from 1, of the photos of each class."""
    return np.cumsum(counts) - counts / 2 + 0.5


def _pairs(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts * (counts - 1) // 2


def _pairs_above(confusion: NDArray[np.int64]) -> int:
    """Pairs of photos of which one is both of a higher class and said to be of a higher one."""
    beyond = confusion[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1]
    return int((confusion[:-1, :-1] * beyond[1:, 1:]).sum())
