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
LEAST_GAIN = 1e-9
"""A smaller gain is rounding."""
DECIMALS = 12
"""Gains that agree so far are equal, whatever a platform's rounding makes of them."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Holdings:
    """How many photos each owner has of each class: parallel arrays, one entry per pair.

    Entries stand by owner, then class; every owner has at least one. ``owners`` and ``classes``
    are indices from 0.
    """

    owners: NDArray[np.int64]
    classes: NDArray[np.int64]
    photos: NDArray[np.int64]


def place(seed: int, kind: str, name: object) -> float:
    """The seeded place of an owner in [0, 1): 53 bits of BLAKE2b."""
    digest = blake2b(f"{seed}:{kind}:{name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def photo_places(seed: int, photo_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """The seeded places of photos in [0, 1): the upper 53 bits of SplitMix64.

    Each id, under a key drawn from the seed, goes through the generator's finaliser (Steele, Lea
    and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants of its
    reference code), which is one-to-one. Integers alone: the same on every platform.
    """
    (key,) = _mix(np.array([seed % 2**64], dtype=np.uint64))
    return (_mix(photo_ids.astype(np.uint64) ^ key) >> np.uint64(11)) / 2.0**53


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = state + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def assign(held: Holdings, places: NDArray[np.float64], shares: Shares) -> NDArray[np.int64]:
    """The split of each owner, as an index into ``SPLITS``.

    ``places`` are the owners' places. Owners stand by their place: test from 0 up, validation from
    1 down, train between. While a class has too few photos in a split, the owner is moved whose
    move mends most (squared relative shortfalls, summed) for each of the photos that move with it:
    without that, owners of many photos move first, and with them three times as many photos change
    their split when a corpus grows. Ties go to the earlier split, then to the owner with the
    smaller index. Where nobody falls short, nobody moves. When a corpus grows by a tenth, 0.3 % of
    its photos change their split where there are thousands of owners, 1 % where that changes the
    shares, 2 % of few hundred owners, and 8 % of 150 whose classes hardly fill the splits.

    Each move lessens the sum, so that they end; one costs what the owners of the moved owner's
    classes hold, not what all do.
    """
    splits = np.zeros(len(places), dtype=np.int64)
    splits[places >= 1.0 - shares.validation] = SPLITS.index("validation")
    splits[places < shares.test] = SPLITS.index("test")
    if not len(splits):
        return splits
    wanted = ENOUGH * np.array([shares.takes[split] for split in SPLITS])
    moves = _Moves(held, splits, wanted)
    while moves.gains.any():
        to, owner = divmod(int(moves.gains.argmax()), len(splits))
        moves.make(owner, to)
    return splits


class _Moves:
    """What each single move gains, splits by owners; 0 where nothing. ``splits`` is kept true."""

    def __init__(
        self, held: Holdings, splits: NDArray[np.int64], wanted: NDArray[np.float64]
    ) -> None:
        self._held, self._splits, self._wanted = held, splits, wanted
        self._starts = np.searchsorted(held.owners, np.arange(len(splits) + 1))
        classes = int(held.classes.max()) + 1
        self._by_class = np.argsort(held.classes, kind="stable")
        self._class_starts = np.searchsorted(held.classes[self._by_class], np.arange(classes + 1))
        self._counts = np.zeros((len(SPLITS), classes), dtype=np.int64)
        np.add.at(self._counts, (splits[held.owners], held.classes), held.photos)
        self._sizes = np.maximum(1, np.add.reduceat(held.photos, self._starts[:-1]))
        self.gains = np.zeros((len(SPLITS), len(splits)))
        self._weigh(np.arange(len(splits)))

    def make(self, owner: int, to: int) -> None:
        """Move one owner, and weigh anew the owners with a photo of any of its classes."""
        mine = slice(self._starts[owner], self._starts[owner + 1])
        classes, photos = self._held.classes[mine], self._held.photos[mine]
        self._counts[self._splits[owner], classes] -= photos
        self._counts[to, classes] += photos
        self._splits[owner] = to
        entries = self._by_class[_ranges(self._class_starts, classes)]
        self._weigh(np.unique(self._held.owners[entries]))

    def _weigh(self, owners: NDArray[np.int64]) -> None:
        """Tell the gains of these owners, ascending, anew."""
        entries = _ranges(self._starts, owners)
        classes, photos = self._held.classes[entries], self._held.photos[entries]
        sizes = self._starts[owners + 1] - self._starts[owners]
        firsts = np.cumsum(sizes) - sizes
        home = np.repeat(self._splits[owners], sizes)
        without = np.add.reduceat(self._change(home, classes, -photos), firsts)
        for split in range(len(SPLITS)):
            there = self._change(np.full_like(classes, split), classes, photos)
            gain = np.round(-without - np.add.reduceat(there, firsts), DECIMALS)
            is_one = (gain >= LEAST_GAIN) & (self._splits[owners] != split)
            self.gains[split, owners] = np.where(is_one, gain / self._sizes[owners], 0.0)

    def _change(
        self, splits: NDArray[np.int64], classes: NDArray[np.int64], photos: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """How the shortfall of each class in each split changes with so many photos more."""
        counts, wanted = self._counts[splits, classes], self._wanted[splits]
        before, after = 1.0 - counts / wanted, 1.0 - (counts + photos) / wanted
        return np.asarray(np.maximum(0.0, after) ** 2 - np.maximum(0.0, before) ** 2)


def _ranges(starts: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices ``starts[g]`` to ``starts[g + 1]`` of each of these groups, one after another."""
    sizes = starts[groups + 1] - starts[groups]
    ends = np.cumsum(sizes)
    firsts = np.repeat(starts[groups] - (ends - sizes), sizes)
    return np.asarray(np.arange(int(sizes.sum())) + firsts)
