"""The linear-probe accuracies that the study published, to stand beside one's own.

They are in ``published_accuracies.csv``, whose first lines name the source. Classes and sizes of
FlickrExif's splits are those of `flickrexif.labels.attributes`, the classes of processing families
those of `flickrexif.imaging.processing`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from flickrexif.imaging.processing import FAMILIES
from flickrexif.labels.attributes import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.labels.attributes import Attribute

ACQUISITION = "FlickrExif"
"""The data set of the acquisition attributes; the others are of processing."""


@dataclass(frozen=True, slots=True)
class PublishedAccuracy:
    """One encoder's published accuracy (a share, 0 to 1) on one attribute of one data set.

    ``hidden`` is the share of the image that was masked, None where none is told; ``train`` and
    ``test`` count photos, None where the split is not published.
    """

    dataset: str
    attribute: str
    """An attribute's published name, or the name of a family of processings."""
    encoder: str
    """The label in the study's plots."""
    family: str
    accuracy: float
    hidden: float | None
    classes: tuple[str, ...]
    train: int | None
    test: int | None

    @property
    def chance(self) -> float:
        """That of classes of equal size, as all published ones are."""
        return 1 / len(self.classes)


@cache
def published_accuracies() -> tuple[PublishedAccuracy, ...]:
    """All of them, as the file orders them."""
    source = resources.files(__package__) / "published_accuracies.csv"
    lines = source.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return tuple(_accuracy(row) for row in rows)


def published_encoders() -> tuple[str, ...]:
    """The labels of the 47 encoders, as the file orders them."""
    return tuple(dict.fromkeys(one.encoder for one in published_accuracies()))


def published_label(encoder: str) -> str | None:
    """The study's label of the encoder with that name; None for an encoder of no figure there.

    A label is also its own name, so that results of other tools can carry it.
    """
    from flickrexif.probing.encoders.catalogue import catalogue

    entry = catalogue().get(encoder)
    if entry is not None:
        return entry.published
    return encoder if encoder in published_encoders() else None


def published_of(attribute: str, classes: Sequence[str]) -> tuple[PublishedAccuracy, ...]:
    """What was published of all encoders on what this attribute names.

    That is the attribute's published figures, where it is one of the ten; where its ``classes`` are
    those of a processing family, that family's figures, one of each data set.
    """
    names = {one.name: one.published_name for one in ATTRIBUTES}
    families = {family.classes: name for name, family in FAMILIES.items()}
    name = names.get(attribute, families.get(tuple(classes), ""))
    return tuple(one for one in published_accuracies() if one.attribute == name)


def published_for(
    encoder: str, attribute: str, classes: Sequence[str]
) -> tuple[PublishedAccuracy, ...]:
    """Those of `published_of` that are of the encoder with that label."""
    return tuple(one for one in published_of(attribute, classes) if one.encoder == encoder)


def _accuracy(row: dict[str, str]) -> PublishedAccuracy:
    attributes = {one.published_name: one for one in ATTRIBUTES}
    attribute = attributes.get(row["attribute"])
    classes = attribute.paper_classes if attribute else FAMILIES[row["attribute"]].classes
    return PublishedAccuracy(
        dataset=row["dataset"],
        attribute=row["attribute"],
        encoder=row["encoder"],
        family=row["family"],
        accuracy=float(row["accuracy_percent"]) / 100,
        hidden=float(row["hidden"]) if row["hidden"] else None,
        classes=classes,
        train=_photos(attribute, 0),
        test=_photos(attribute, 2),
    )


def _photos(attribute: Attribute | None, split: int) -> int | None:
    if attribute is None:
        return None
    return attribute.published_per_class[split] * len(attribute.paper_classes)
