"""What `label` tells of its work, for people and for ``labels.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.labels.attributes import SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.labels.attributes import Attribute, Preset, Split
    from flickrexif.labels.select import Dropped

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class AttributeSummary:
    """One labelled attribute: its classes in order and the photos of each class per split."""

    attribute: Attribute
    classes: tuple[str, ...]
    per_class: Mapping[Split, int]
    dropped: Mapping[str, Dropped]

    @property
    def photos(self) -> int:
        """Photos over all classes and splits."""
        return len(self.classes) * sum(self.per_class.values())

    def as_json(self) -> dict[str, Any]:
        """The attribute's object in ``labels.json``."""
        order = self.attribute.ordered(set(self.dropped))
        return {
            "published_name": self.attribute.published_name,
            "classes": list(self.classes),
            "ordinal": self.attribute.ordinal,
            "description": self.attribute.description,
            "splits": {
                split: dict.fromkeys(self.classes, self.per_class[split]) for split in SPLITS
            },
            "dropped_classes": {
                name: {
                    "photos": self.dropped[name].size.photos,
                    "owners": self.dropped[name].size.owners,
                    "reason": self.dropped[name].reason,
                }
                for name in order
            },
        }


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """What a corpus was labelled with; ``left_out`` gives a reason per attribute left out.

    ``duplicates`` of the photos have the bytes of another one and stand in no class.
    """

    preset: Preset
    seed: int
    photos: int
    duplicates: int
    attributes: Mapping[str, AttributeSummary]
    left_out: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """The object that stands in ``labels.json``."""
        return {
            "schema_version": SCHEMA_VERSION,
            "preset": self.preset,
            "seed": self.seed,
            "duplicates": self.duplicates,
            "attributes": {name: one.as_json() for name, one in self.attributes.items()},
            "left_out": dict(self.left_out),
        }

    def lines(self) -> list[str]:
        """The summary for people, one attribute a line."""
        told = [f"{self.photos} photos, preset {self.preset}, seed {self.seed}"]
        if self.duplicates:
            told.append(f"{self.duplicates} of them are copies, byte by byte, and in no class")
        for name, one in self.attributes.items():
            each = " + ".join(f"{one.per_class[split]} {split}" for split in SPLITS)
            told.append(f"{name}: {len(one.classes)} classes of {each} = {one.photos} photos")
        told += (f"{name}: left out, {reason}" for name, reason in self.left_out.items())
        return told
