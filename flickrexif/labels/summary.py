"""What `label` tells of its work, for people and for ``labels.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif._version import __version__
from flickrexif.labels.attributes import SPLITS
from flickrexif.labels.bins import PRINTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flickrexif.labels.associations import Association
    from flickrexif.labels.attributes import Attribute, Split
    from flickrexif.labels.coverage import Coverage
    from flickrexif.labels.select import Dropped, Rules, Size

SCHEMA_VERSION = 2
NAMED_CLASSES = 4
NAMED_PAIRS = 8
WEAK = 0.1
"""People see the classes dropped and the pairs of attributes that lead; JSON has all of them."""


@dataclass(frozen=True, slots=True)
class AttributeSummary:
    """One attribute: its kept classes, the photos of each per split, and what was not used."""

    attribute: Attribute
    kept: Mapping[str, Size]
    """All photos and owners of each kept class, of which the splits use as many of each."""
    per_class: Mapping[Split, int]
    dropped: Mapping[str, Dropped]
    coverage: Coverage
    left_out: str | None = None
    """Why the attribute has no splits."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The kept classes in class order."""
        return self.attribute.ordered(set(self.kept))

    @property
    def photos(self) -> int:
        """Photos over all classes and splits."""
        return len(self.kept) * sum(self.per_class.values())

    def as_json(self) -> dict[str, Any]:
        """The attribute's object in ``labels.json``."""
        return {
            "published_name": self.attribute.published_name,
            "classes": list(self.classes),
            "ordinal": self.attribute.ordinal,
            "description": self.attribute.description,
            "bins": self.attribute.bins,
            "splits": {
                split: dict.fromkeys(self.classes, self.per_class[split]) for split in SPLITS
            },
            "kept_classes": {name: _size(self.kept[name]) for name in self.classes},
            "dropped_classes": self.dropped_as_json(),
        }

    def dropped_as_json(self) -> dict[str, Any]:
        """The dropped classes in class order: photos, owners, reason."""
        return {
            name: _size(self.dropped[name].size) | {"reason": self.dropped[name].reason}
            for name in self.attribute.ordered(set(self.dropped))
        }

    def lines(self) -> Iterator[str]:
        """What was kept, what was not labelled, and the largest classes that were dropped."""
        name = self.attribute.name
        name += "" if self.attribute.bins == PRINTED else f" ({self.attribute.bins})"
        if self.left_out:
            yield f"{name}: left out, {self.left_out}"
        else:
            each = " + ".join(f"{self.per_class[split]} {split}" for split in SPLITS)
            yield f"{name}: {len(self.kept)} classes of {each} = {self.photos} photos"
        if self.coverage.unlabelled:
            reasons = (f"{count} {reason}" for reason, count in self.coverage.unlabelled.items())
            yield f"  not labelled: {', '.join(reasons)}"
        if self.dropped:
            largest = sorted(self.dropped, key=lambda name: (-self.dropped[name].size.photos, name))
            told = [f"{name} {self.dropped[name].size.photos}" for name in largest]
            yield f"  dropped classes: {_first(told, NAMED_CLASSES)}"


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """What a corpus was labelled with and by which rules.

    ``duplicates`` of the photos have the bytes of another one and stand in no class. ``each`` has
    all ten attributes; ``associations`` every pair of those that have splits, the strongest first.
    """

    rules: Rules
    seed: int
    photos: int
    duplicates: int
    each: Mapping[str, AttributeSummary]
    associations: tuple[Association, ...]

    @property
    def attributes(self) -> dict[str, AttributeSummary]:
        """The attributes that have splits."""
        return {name: one for name, one in self.each.items() if one.left_out is None}

    @property
    def left_out(self) -> dict[str, str]:
        """The attributes that have none, and why."""
        return {name: one.left_out for name, one in self.each.items() if one.left_out}

    def as_json(self) -> dict[str, Any]:
        """The object that stands in ``labels.json``."""
        bins = {name: one.attribute.bins for name, one in self.each.items()}
        return {
            "schema_version": SCHEMA_VERSION,
            "made_with": {"flickrexif": __version__},
            "preset": self.rules.preset,
            "min_photos": self.rules.min_photos,
            "min_owners": self.rules.min_owners,
            "bins": {name: scheme for name, scheme in bins.items() if scheme != PRINTED},
            "seed": self.seed,
            "photos": self.photos,
            "duplicates": self.duplicates,
            "attributes": {name: one.as_json() for name, one in self.attributes.items()},
            "left_out": self.left_out,
            "left_out_classes": {name: self.each[name].dropped_as_json() for name in self.left_out},
            "coverage": {name: one.coverage.as_json() for name, one in self.each.items()},
            "associations": [pair.as_json() for pair in self.associations],
        }

    def lines(self) -> list[str]:
        """The summary for people: each attribute, then which of them go together."""
        told = [f"{self.photos} photos, preset {self.rules.preset}, seed {self.seed}"]
        if self.duplicates:
            told.append(f"{self.duplicates} of them are copies, byte by byte, and in no class")
        for one in self.each.values():
            told += one.lines()
        return [*told, *_associated(self.associations)]


def _associated(associations: Iterable[Association]) -> Iterator[str]:
    """The pairs that go together although they need not."""
    pairs = [
        f"{' and '.join(pair.attributes)} {pair.cramers_v:.2f} ({pair.photos} photos)"
        for pair in associations
        if not pair.by_construction and pair.cramers_v is not None and pair.cramers_v >= WEAK
    ]
    if pairs:
        yield "go together (Cramér's V: 0 not at all, 1 wholly; photos with a class in both):"
        yield from (f"  {pair}" for pair in pairs[:NAMED_PAIRS])
    if len(pairs) > NAMED_PAIRS:
        yield f"  and {len(pairs) - NAMED_PAIRS} more pairs of {WEAK} or above"


def _first(words: list[str], number: int) -> str:
    more = [f"and {len(words) - number} more"] if len(words) > number else []
    return ", ".join([*words[:number], *more])


def _size(size: Size) -> dict[str, int]:
    return {"photos": size.photos, "owners": size.owners}
