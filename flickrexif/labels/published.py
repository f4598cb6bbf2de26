"""The published FlickrExif split files: JSON, one per attribute, ids beside encoded labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from flickrexif.labels.attributes import ATTRIBUTES, SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.labels.attributes import Attribute, Split

SHORT_NAMES: Mapping[Split, str] = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True, slots=True)
class Members:
    """The photos of one split, and for each the place of its class."""

    photo_ids: tuple[int, ...]
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PublishedSplits:
    """One split file: the attribute's published name, its classes in encoder order, its splits."""

    published_name: str
    classes: tuple[str, ...]
    splits: Mapping[Split, Members]

    def labels(self) -> pl.DataFrame:
        """Rows as in labels.parquet, in file order, ids that stand twice included.

        Raises `UsageError` when the attribute is none of the ten.
        """
        name = attribute_named(self.published_name).name
        parts = [
            pl.DataFrame(
                {
                    "photo_id": members.photo_ids,
                    "label": [self.classes[code] for code in members.codes],
                },
                schema={"photo_id": pl.Int64, "label": pl.String},
            ).select(pl.lit(name).alias("attribute"), pl.all(), pl.lit(split).alias("split"))
            for split, members in self.splits.items()
        ]
        return pl.concat(parts)


def attribute_named(published_name: str) -> Attribute:
    """The attribute with that published name; raises `UsageError` for an unknown one."""
    for attribute in ATTRIBUTES:
        if attribute.published_name == published_name:
            return attribute
    known = ", ".join(attribute.published_name for attribute in ATTRIBUTES)
    raise UsageError(f"attribute {published_name!r} is not published: use one of {known}")


def file_name(attribute: Attribute) -> str:
    """What the published file of ``attribute`` is called."""
    return f"split_data_target_attribute={attribute.published_name}.json"


def splits_of(labels: pl.DataFrame, attribute: Attribute) -> PublishedSplits:
    """The rows of ``attribute`` in ``labels`` (as labels.parquet) in the published form.

    Classes stand in encoder order: sorted as strings, save Flash, which is published unsorted.
    """
    rows = labels.filter(pl.col("attribute") == attribute.name)
    names = set(rows["label"].to_list())
    classes = tuple(sorted(names)) if attribute.ordinal else attribute.ordered(names)
    codes = {label: code for code, label in enumerate(classes)}
    splits: dict[Split, Members] = {}
    for split in SPLITS:
        part = rows.filter(pl.col("split") == split)
        encoded = tuple(codes[label] for label in part["label"])
        splits[split] = Members(tuple(part["photo_id"].to_list()), encoded)
    return PublishedSplits(attribute.published_name, classes, splits)


def read_splits(path: Path) -> PublishedSplits:
    """Read a split file; raises `UsageError` when it is not one or contradicts itself."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        classes = tuple(told["label_encoder_classes"])
        splits = {split: _members(told, short) for split, short in SHORT_NAMES.items()}
        published = PublishedSplits(told["target_attribute"], classes, splits)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{str(path)!r} is no published split file ({error!r}): name another one"
        raise UsageError(message) from error
    _check(published, path)
    return published


def write_splits(path: Path, published: PublishedSplits) -> None:
    """Write a split file with the keys of the published ones, atomically."""
    told: dict[str, Any] = {
        "target_attribute": published.published_name,
        "label_encoder_classes": list(published.classes),
    }
    for split, short in SHORT_NAMES.items():
        told[f"encoded_{short}_labels"] = list(published.splits[split].codes)
        told[f"{short}_ids"] = list(published.splits[split].photo_ids)
    write_text(path, json.dumps(told, ensure_ascii=False))


def _members(told: Mapping[str, Any], short: str) -> Members:
    ids, codes = told[f"{short}_ids"], told[f"encoded_{short}_labels"]
    return Members(tuple(int(photo_id) for photo_id in ids), tuple(int(code) for code in codes))


def _check(published: PublishedSplits, path: Path) -> None:
    for split, members in published.splits.items():
        if len(members.photo_ids) != len(members.codes):
            sizes = f"{len(members.photo_ids)} ids and {len(members.codes)} labels"
            raise UsageError(f"{str(path)!r} has {sizes} in {split}: fetch the file again")
        if not all(0 <= code < len(published.classes) for code in members.codes):
            raise UsageError(f"{str(path)!r} has labels without a class in {split}: fetch it again")
