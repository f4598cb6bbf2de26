"""Which classes a degradation hurts, and whether it makes two of them confusable.

Both follow a Stanford Psych 221 project on degradations; arrays are (photos x classes)
probabilities of one model, before and after, in the same order of photos.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.probing.controls import Labels

Probabilities = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Confusion:
    """A class, one that the model says instead once degraded, and of how many photos."""

    original_class: int
    new_class: int
    photos: int


def confidence_drops(original: Probabilities, degraded: Probabilities) -> NDArray[np.float64]:
    """``p_original(top) - p_degraded(top)`` of each photo, top the class said of the original."""
    if original.shape != degraded.shape:
        raise ValueError(f"expected equal shapes, got {original.shape} and {degraded.shape}")
    photos, top = np.arange(len(original)), original.argmax(axis=1)
    before, after = original[photos, top], degraded[photos, top]
    return np.asarray(before - after, dtype=np.float64)


def class_z_scores(
    drops: NDArray[np.float64], labels: Labels, *, classes: int
) -> NDArray[np.float64]:
    """Mean z-score of each class's drops (classes): above 0 where the degradation hurts more.

    Mean and deviation are those of all photos together. With each class's own, as the method is
    sometimes told, every class has 0. NaN for a class without photos; 0 when all drops are equal.
    """
    spread = drops.std() if drops.size and np.ptp(drops) > 0 else math.inf
    scores = (drops - drops.mean()) / spread if drops.size else drops
    photos = np.bincount(labels, minlength=classes)
    totals = np.bincount(labels, weights=scores, minlength=classes)
    return np.where(photos > 0, totals / np.maximum(photos, 1), math.nan)


def new_confusions(
    original: Probabilities, degraded: Probabilities, labels: Labels
) -> list[Confusion]:
    """What photos that were said right are said to be once degraded, the commonest first."""
    before, after = original.argmax(axis=1), degraded.argmax(axis=1)
    lost = (before == labels) & (after != labels)
    pairs = zip(labels[lost].tolist(), after[lost].tolist(), strict=True)
    counts = sorted(Counter(pairs).items(), key=lambda pair: (-pair[1], pair[0]))
    return [Confusion(was, now, photos) for (was, now), photos in counts]


def confusion_auc(
    probabilities: Probabilities, labels: Labels, *, original_class: int, new_class: int
) -> float:
    """How well P(new class) still tells photos of the new class from those of the original one.

    The positives are the photos labelled ``new_class``, the negatives those labelled
    ``original_class``. 1 is apart, 0.5 confused; NaN when either has no photo.
    """
    scores = probabilities[:, new_class]
    return auc(scores[labels == new_class], scores[labels == original_class])


def confusion_curve(
    levels: Sequence[Probabilities], labels: Labels, *, original_class: int, new_class: int
) -> list[float]:
    """`confusion_auc` at each level of a sweep."""
    return [
        confusion_auc(level, labels, original_class=original_class, new_class=new_class)
        for level in levels
    ]


def auc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float:
    """The area under the ROC curve: the chance that a positive scores higher, ties by half.

    Mann and Whitney's U over the number of pairs (Hanley and McNeil, Radiology 143, 1982). NaN
    without positives or negatives.
    """
    if not positive.size or not negative.size:
        return math.nan
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    up_to = np.searchsorted(ordered, positive, side="right")
    return float((below + up_to).sum() / (2 * positive.size * negative.size))
