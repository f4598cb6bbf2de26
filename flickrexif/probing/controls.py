"""What an accuracy is held against: chance, majority, shuffled labels, and its own uncertainty."""

from __future__ import annotations

import math
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from flickrexif.probing.resampling import certain

Labels = NDArray[np.int64]


def stream(seed: int, *names: str) -> np.random.Generator:
    """A random stream of its own for each seed and names, whatever else is drawn."""
    digest = blake2b("\0".join((str(seed), *names)).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def majority_accuracy(train: Labels, test: Labels) -> float:
    """Accuracy on ``test`` of always saying the most frequent class of ``train``.

    Of equally frequent classes it takes the mean: which one is said first has no meaning.
    """
    counts = np.bincount(train)
    commonest = np.flatnonzero(counts == counts.max())
    return float(np.isin(test, commonest).mean() / len(commonest))


def balanced_accuracy(predicted: Labels, truth: Labels) -> float:
    """The mean over the classes in ``truth`` of the share of each that is found."""
    return float(np.mean([(predicted[truth == c] == c).mean() for c in np.unique(truth)]))


def off_by_one_accuracy(predicted: Labels, truth: Labels) -> float:
    """The share of ordinal labels missed by one class at most."""
    return float((np.abs(predicted - truth) <= 1).mean())


def off_by_one_chance(truth: Labels, classes: int) -> float:
    """What `off_by_one_accuracy` gives on average when classes are said at random."""
    neighbours = 1 + (truth > 0).astype(float) + (truth < classes - 1)
    return float(neighbours.mean() / classes)


def permuted(labels: Labels, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """``count`` permutations of ``labels``, one per row."""
    return random.permuted(np.tile(labels, (count, 1)), axis=1)


def standard_error(values: NDArray[np.float64]) -> float:
    """Of the mean of ``values``; NaN for fewer than two."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def owner_interval(
    correct: NDArray[np.bool_],
    owners: NDArray[np.str_],
    *,
    resamples: int,
    random: np.random.Generator,
) -> tuple[float, float]:
    """The 95 % percentile interval of an accuracy when the owners are drawn again, with return.

    Photos of one owner come from one camera bag and are no independent evidence, so whole owners
    are resampled (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13). Where
    there is one owner the photos are, as an owner alone gives an interval without width. Where all
    photos are right, or all wrong, the interval is `flickrexif.probing.resampling.certain`.
    """
    _, owner = np.unique(owners, return_inverse=True)
    if owner.max() == 0:
        owner = np.arange(len(owner))
    photos = np.bincount(owner)
    if correct.all() or not correct.any():
        return certain(len(photos), right=bool(correct.all()))
    right = np.bincount(owner, weights=correct)
    drawn = random.multinomial(len(photos), np.full(len(photos), 1 / len(photos)), size=resamples)
    accuracies = (drawn @ right) / (drawn @ photos)
    low, high = np.percentile(accuracies, [2.5, 97.5])
    return float(low), float(high)
