"""What photo ids alone tell of how splits were made: photos of one upload, and unshuffled parts.

Flickr's ids ascend with the upload: two ids of a class within `NEAR` are mostly two photos that an
owner uploaded one after the other, often of one scene.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flickrexif.labels.attributes import Split
    from flickrexif.labels.published import Members

NEAR = 1_000
LEAST_RUN = 12
"""So long a run of ascending ids is no chance: in n shuffled ones it is there n / 12! times."""


def near_rates(splits: Mapping[Split, Members]) -> dict[str, float]:
    """The share of photos with another photo of their class within `NEAR` ids in a given split.

    Keys are ``test-train``, ``validation-train`` and ``test-validation``: the photos of the first
    beside those of the second, where one that stands in both counts. ``train-train`` (other photos
    of train) is about what the rates come to where owners are not kept apart.
    """
    classes = {split: _by_class(members) for split, members in splits.items()}
    pairs: tuple[tuple[Split, Split], ...] = (
        ("test", "train"), ("validation", "train"), ("test", "validation"), ("train", "train"),
    )  # fmt: skip
    return {
        f"{split}-{beside}": _rate(classes[split], classes[beside], besides=int(split == beside))
        for split, beside in pairs
    }


def ascending_runs(members: Members, classes: tuple[str, ...]) -> dict[str, int]:
    """Class → its longest run of ascending ids in file order, where it is at least `LEAST_RUN`.

    Who balances classes by sampling shuffles those that are cut; the one that is not, because it
    is the smallest, may keep the order of its table.
    """
    ids, codes = _arrays(members)
    runs = {name: _longest_run(ids[codes == code]) for code, name in enumerate(classes)}
    return {name: run for name, run in runs.items() if run >= LEAST_RUN}


def _by_class(members: Members) -> dict[int, NDArray[np.int64]]:
    """Class → its ids, ascending, each once."""
    ids, codes = _arrays(members)
    return {int(code): np.unique(ids[codes == code]) for code in np.unique(codes)}


def _arrays(members: Members) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.array(members.photo_ids, dtype=np.int64), np.array(members.codes, dtype=np.int64)


def _rate(
    asked: Mapping[int, NDArray[np.int64]],
    beside: Mapping[int, NDArray[np.int64]],
    *,
    besides: int,
) -> float:
    """The share of those ``asked`` with more than ``besides`` ids of their class near them."""
    total = sum(map(len, asked.values()))
    near = 0
    for code in asked.keys() & beside.keys():
        first = np.searchsorted(beside[code], asked[code] - NEAR)
        last = np.searchsorted(beside[code], asked[code] + NEAR, side="right")
        near += int((last - first > besides).sum())
    return near / total if total else 0.0


def _longest_run(ids: NDArray[np.int64]) -> int:
    breaks = [0, *(np.flatnonzero(np.diff(ids) <= 0) + 1).tolist(), len(ids)]
    return max(end - start for start, end in pairwise(breaks))
