"""Means and their intervals, when what was measured is drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, and the 95 % interval from ``low`` to ``high`` around it."""

    value: float
    low: float
    high: float


def drawn(*, owners: int, images: int) -> Literal["owners", "images"]:
    """What is drawn again where ``images`` are of so many ``owners``.

    Images, where each has an owner of its own or none is known, and where all are of one owner,
    who alone would give an interval without width.
    """
    return "owners" if 1 < owners < images else "images"


def certain(units: int, *, right: bool) -> tuple[float, float]:
    """The 95 % interval of a share that is 1 (``right``) or 0 in all of ``units`` observations.

    Drawn again these are all alike, however few they are, so that resampling gives no width; the
    exact bound is ``0.025 ** (1 / units)`` (Clopper and Pearson, Biometrika 26, 1934, for n of n).
    """
    beyond = 0.025 ** (1 / units)
    return (beyond, 1.0) if right else (0.0, 1 - beyond)


def estimates(
    values: NDArray[np.float64],
    *,
    resamples: int,
    random: np.random.Generator,
    groups: NDArray[np.str_] | None = None,
) -> tuple[Estimate, ...]:
    """The mean of each column of ``values`` (N x M) with its percentile bootstrap interval.

    Rows are drawn again, with return; where two ``groups`` (N) or more are given whole groups are,
    as rows of one are no independent evidence. The same draws serve all columns, so that a column
    of differences has the interval of a paired comparison (Efron and Tibshirani, "An Introduction
    to the Bootstrap", 1993, ch. 13).
    """
    rows, sums = _by_group(values, groups)
    means = np.empty((resamples, values.shape[1]))
    for turn in range(resamples):
        counts = _drawn(len(rows), random)
        means[turn] = counts @ sums / (counts @ rows)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    middle = values.mean(axis=0)
    return tuple(map(Estimate, middle.tolist(), low.tolist(), high.tolist()))


def crossed_estimate(
    values: NDArray[np.float64],
    *,
    resamples: int,
    random: np.random.Generator,
    groups: NDArray[np.str_] | None = None,
) -> Estimate:
    """The mean of ``values`` (N x M), with an interval over rows and columns alike.

    Rows, or their ``groups``, and columns are drawn again independently of each other, as values of
    one column may err together too. That is wide rather than narrow (Owen, "The pigeonhole
    bootstrap", Annals of Applied Statistics 1(2), 2007).
    """
    rows, sums = _by_group(values, groups)
    means = np.empty(resamples)
    for turn in range(resamples):
        counts, columns = _drawn(len(rows), random), _drawn(values.shape[1], random)
        means[turn] = counts @ sums @ columns / (counts @ rows * columns.sum())
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(values.mean()), float(low), float(high))


def _by_group(
    values: NDArray[np.float64], groups: NDArray[np.str_] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many rows each group has, and the sums of its rows: G and G x M."""
    group = np.arange(len(values))
    if groups is not None and drawn(owners=len(np.unique(groups)), images=len(group)) == "owners":
        group = np.unique(groups, return_inverse=True)[1]
    sums = [np.bincount(group, weights=column).astype(np.float64) for column in values.T]
    return np.bincount(group).astype(np.float64), np.stack(sums, axis=1)


def _drawn(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """How often each of ``count`` is taken when as many are drawn, with return."""
    return np.bincount(random.integers(count, size=count), minlength=count).astype(np.float64)
