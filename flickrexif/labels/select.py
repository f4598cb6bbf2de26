"""Which classes of an attribute a corpus can carry, and the split of each of their photos."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.labels.assign import Shares
from flickrexif.labels.attributes import SPLITS
from flickrexif.labels.splits import with_splits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flickrexif.labels.attributes import Attribute, Preset, Split

LEAST_PHOTOS: Mapping[Split, int] = {"train": 12, "validation": 3, "test": 6}
LEAST_OWNERS: Mapping[Split, int] = {"train": 3, "validation": 1, "test": 2}
"""What a class must have in each split, whatever the minimums for the whole."""

CRUSHED = "balancing to it would leave fewer photos in all"


@dataclass(frozen=True, slots=True)
class Rules:
    """How classes are chosen."""

    preset: Preset
    min_photos: int
    min_owners: int
    bins: Mapping[str, str] = field(default_factory=dict)
    """Attribute → scheme of its classes, for those that are not as printed."""


@dataclass(frozen=True, slots=True)
class Size:
    """Photos and owners of a class, or of its part in one split."""

    photos: int
    owners: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A class that was not kept: how large it was, and why."""

    size: Size
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The rows of the kept classes with their splits, not yet balanced; what was dropped."""

    rows: pl.DataFrame
    kept: Mapping[str, Size]
    dropped: Mapping[str, Dropped]

    @property
    def classes(self) -> frozenset[str]:
        """The kept classes; fewer than two of them have no rows."""
        return frozenset(self.kept)


BySplit = dict["Split", Size]


def most_per_class(attribute: Attribute) -> dict[Split, int | None]:
    """The most photos that each split takes of a class; train takes all."""
    _, validation, test = attribute.published_per_class
    return {"train": None, "validation": validation, "test": test}


def choose(rows: pl.DataFrame, attribute: Attribute, rules: Rules) -> Choice:
    """The classes of ``rows`` (photo_id, owner_id, owner_place, label) that are kept.

    A class needs ``min_photos`` photos by ``min_owners`` owners. Of these ``auto`` keeps the
    largest ones, in the number that `best_number` gives (photos beyond what the published splits
    take of a class do not count), and ``paper`` those that are published.
    Then owners get their splits; classes with too little in one, and in ``auto`` those that are
    `crushing`, are dropped and the rest is chosen again.
    """
    counted = rows.group_by("owner_id", "owner_place", "label").agg(photos=pl.len())
    sizes = _sizes(counted)
    reasons = {label: _refusal(label, size, attribute, rules) for label, size in sizes.items()}
    while True:
        large = {label: sizes[label] for label, reason in reasons.items() if reason is None}
        enough = sum(attribute.published_per_class)
        labels = _largest(large, enough) if rules.preset == "auto" else list(large)
        kept = {label: sizes[label] for label in labels}
        if len(kept) < 2:
            return Choice(rows.clear(), kept, _dropped(sizes, reasons, kept))
        split = _split(counted, kept, attribute)
        parts = _parts(split)
        refused = {label: lack for label in parts if (lack := _lack(parts[label]))}
        if not refused and rules.preset == "auto":
            refused = dict.fromkeys(crushing(parts, attribute), CRUSHED)
        if not refused:
            return Choice(_dealt(rows, split), kept, _dropped(sizes, reasons, kept))
        reasons |= refused


def best_number(photos: list[int], enough: int) -> int:
    """How many of the largest classes keep most photos when each gives as many as the smallest.

    ``photos`` are the sizes of the classes, of which no more than ``enough`` count, lest two huge
    classes win over many large ones. Among equal totals more classes win; never under two where
    there are two.
    """
    ordered = sorted((min(size, enough) for size in photos), reverse=True)
    totals = [(number * ordered[number - 1], number) for number in range(2, len(ordered) + 1)]
    return max(totals)[1] if totals else len(ordered)


def crushing(parts: Mapping[str, BySplit], attribute: Attribute) -> list[str]:
    """The classes without which the others keep more photos when all give equally many.

    They are taken away one at a time, while that gains and more than two are left: of those that
    are smallest in some split the one that gains most. Photos count as in `best_number`, split by
    split.
    """
    left, gone = dict(parts), []
    while len(left) > 2:
        rests = {label: _without(left, label) for label in _smallest(left)}
        label = max(sorted(rests), key=lambda label: _balanced_total(rests[label], attribute))
        if _balanced_total(rests[label], attribute) <= _balanced_total(left, attribute):
            break
        left = rests[label]
        gone.append(label)
    return gone


def _without(parts: Mapping[str, BySplit], label: str) -> dict[str, BySplit]:
    return {name: by_split for name, by_split in parts.items() if name != label}


def _smallest(parts: Mapping[str, BySplit]) -> set[str]:
    return {min(parts, key=lambda label: (parts[label][split].photos, label)) for split in SPLITS}


def _balanced_total(parts: Mapping[str, BySplit], attribute: Attribute) -> int:
    enough = zip(SPLITS, attribute.published_per_class, strict=True)
    least = (min(most, *(by[split].photos for by in parts.values())) for split, most in enough)
    return len(parts) * sum(least)


def _largest(sizes: Mapping[str, Size], enough: int) -> list[str]:
    ordered = sorted(sizes, key=lambda label: (-sizes[label].photos, label))
    return ordered[: best_number([size.photos for size in sizes.values()], enough)]


def _split(counted: pl.DataFrame, kept: Mapping[str, Size], attribute: Attribute) -> pl.DataFrame:
    smallest = min(size.photos for size in kept.values())
    shares = Shares.of_class(smallest, most_per_class(attribute))
    return with_splits(counted.filter(pl.col("label").is_in(list(kept))), shares)


def _dealt(rows: pl.DataFrame, split: pl.DataFrame) -> pl.DataFrame:
    """The rows of the owners and classes in ``split``, in their order, with their splits."""
    owners_and_labels = split.select("owner_id", "label", "split")
    return rows.join(owners_and_labels, on=["owner_id", "label"], maintain_order="left")


def _sizes(counted: pl.DataFrame) -> dict[str, Size]:
    """The size of each class; ``counted`` has a row per owner and class."""
    summed = counted.group_by("label").agg(pl.col("photos").sum(), pl.len()).sort("label")
    return {label: Size(photos, owners) for label, photos, owners in summed.iter_rows()}


def _refusal(label: str, size: Size, attribute: Attribute, rules: Rules) -> str | None:
    if rules.preset == "paper" and label not in attribute.paper_classes:
        return "not among the published classes"
    if size.photos < rules.min_photos:
        return f"fewer than {rules.min_photos} photos"
    return f"fewer than {rules.min_owners} owners" if size.owners < rules.min_owners else None


def _parts(split: pl.DataFrame) -> dict[str, BySplit]:
    """The size of each class in each split, classes by name."""
    summed = split.group_by("label", "split").agg(pl.col("photos").sum(), pl.len())
    sizes = {(label, name): Size(*both) for label, name, *both in summed.iter_rows()}
    labels = sorted({label for label, _ in sizes})
    return {
        label: {name: sizes.get((label, name), Size(0, 0)) for name in SPLITS} for label in labels
    }


def _lack(by_split: BySplit) -> str | None:
    for split, size in by_split.items():
        if size.photos < LEAST_PHOTOS[split]:
            return f"only {size.photos} photos by the owners of {split}"
        if size.owners < LEAST_OWNERS[split]:
            return f"photos of only {size.owners} owners in {split}"
    return None


def _dropped(
    sizes: Mapping[str, Size], reasons: Mapping[str, str | None], kept: Collection[str]
) -> dict[str, Dropped]:
    return {
        label: Dropped(size, reasons[label] or CRUSHED)
        for label, size in sizes.items()
        if label not in kept
    }
