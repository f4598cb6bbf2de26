"""Which split each owner belongs to: a seeded place first, then the fewest useful moves."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.labels.attributes import SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flickrexif.labels.attributes import Split

VALIDATION_SHARE, TEST_SHARE = 0.15, 0.25
"""Shares of the owners in a small corpus; train has the other 60 %."""
ROOM = 1.5
"""Owners set aside for a split hold this many times the photos it takes, so that few fall short."""
ENOUGH = 0.95
"""A class that has this part of what a split should take of it needs no owner moved."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares of the owners in validation and test; the photos a split takes of a class."""

    validation: float
    test: float
    takes: Mapping[Split, float]

    @classmethod
    def of_class(cls, photos: int, most: Mapping[Split, int | None]) -> Shares:
        """The shares when the smallest class has ``photos`` photos and a split takes ``most``."""
        validation = _share(VALIDATION_SHARE, most["validation"], photos)
        test = _share(TEST_SHARE, most["test"], photos)
        shares: dict[Split, float] = {
            "train": 1 - validation - test,
            "validation": validation,
            "test": test,
        }
        takes: dict[Split, float] = {
            split: share * photos if (cap := most[split]) is None else min(share * photos, cap)
            for split, share in shares.items()
        }
        return cls(validation, test, takes)


def _share(small: float, most: int | None, photos: int) -> float:
    return small if most is None else min(small, ROOM * most / photos)


def place(seed: int, kind: str, name: object) -> float:
    """The seeded place of an owner or photo in [0, 1): 53 bits of BLAKE2b."""
    digest = blake2b(f"{seed}:{kind}:{name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def assign(
    photos: NDArray[np.int64], places: NDArray[np.float64], shares: Shares
) -> NDArray[np.int64]:
    """The split of each owner, as an index into ``SPLITS``.

    ``photos`` counts photos, owners by classes; ``places`` are the owners' places. Owners stand
    by their place: test from 0 up, validation from 1 down, train between. While a class has too
    few photos in a split, the owner whose move mends most is moved (squared relative shortfalls,
    summed); ties go to the owner with the smallest index. Where nobody falls short, nobody moves.
    """
    splits = np.zeros(len(places), dtype=np.int64)
    splits[places >= 1.0 - shares.validation] = SPLITS.index("validation")
    splits[places < shares.test] = SPLITS.index("test")
    wanted = ENOUGH * np.array([[shares.takes[split]] for split in SPLITS])
    for _ in range(len(places)):
        owner, split, gain = _best_move(photos, splits, wanted)
        if gain < 1e-9:
            break
        splits[owner] = split
    return splits


def _best_move(
    photos: NDArray[np.int64], splits: NDArray[np.int64], wanted: NDArray[np.float64]
) -> tuple[int, int, float]:
    """(owner, split to move to, how much smaller the shortfall gets) of the best single move."""
    counts = np.array([photos[splits == split].sum(axis=0) for split in range(len(SPLITS))])
    now = _shortfall(counts, wanted)
    without = _shortfall(counts[splits] - photos, wanted[splits]) - now[splits]
    changes = np.full((len(SPLITS), len(splits)), np.inf)
    for split in range(len(SPLITS)):
        there = _shortfall(counts[split] + photos, wanted[split]) - now[split]
        changes[split] = np.where(splits == split, 0.0, without + there)
    to, owner = divmod(int(changes.argmin()), len(splits))
    return owner, to, -float(changes[to, owner])


def _shortfall(counts: NDArray[np.int64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    missing = np.maximum(0.0, 1.0 - counts / wanted)
    return np.asarray((missing**2).sum(axis=-1))
