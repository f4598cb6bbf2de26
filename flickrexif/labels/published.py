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
KEYS = (
    "train_ids", "test_ids", "val_ids",
    "encoded_train_labels", "encoded_test_labels", "encoded_val_labels",
    "label_encoder_classes", "target_attribute",
)  # fmt: skip
"""The keys in the order of eight of the ten published files; Model's and Smartphone Model's files
have two other orders."""
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Members:
    """The photos of one split, and for each the place of its class."""

    photo_ids: tuple[int, ...]
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PublishedSplits:
    """One split file: the attribute's published name, its classes in encoder order, its splits.

    ``keys`` is the order of the file's keys.
    """

    published_name: str
    classes: tuple[str, ...]
    splits: Mapping[Split, Members]
    keys: tuple[str, ...] = KEYS

    @property
    def attribute(self) -> Attribute:
        """Whose splits they are; raises `UsageError` when it is none of the ten."""
        return attribute_named(self.published_name)

    def labels(self) -> pl.DataFrame:
        """Rows as in labels.parquet, in file order, ids that stand twice included."""
        parts = [
            pl.DataFrame(
                {
                    "photo_id": members.photo_ids,
                    "label": [self.classes[code] for code in members.codes],
                },
                schema={"photo_id": pl.Int64, "label": pl.String},
            ).with_columns(pl.lit(split).alias("split"))
            for split, members in self.splits.items()
        ]
        return pl.concat(parts).select(pl.lit(self.attribute.name).alias("attribute"), pl.all())


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


def encoder_order(attribute: Attribute, classes: set[str]) -> tuple[str, ...]:
    """``classes`` as a published file lists them: sorted as strings, save Flash's own order."""
    return tuple(sorted(classes)) if attribute.ordinal else attribute.ordered(classes)


def splits_of(
    labels: pl.DataFrame,
    attribute: Attribute,
    *,
    classes: tuple[str, ...] | None = None,
    keys: tuple[str, ...] = KEYS,
) -> PublishedSplits:
    """The rows of ``attribute`` in ``labels`` (as labels.parquet) in the published form.

    Rows keep their order. ``classes`` are those of another file whose order is to be kept; without
    them they stand in `encoder_order`.
    """
    rows = labels.filter(pl.col("attribute") == attribute.name)
    names = classes or encoder_order(attribute, set(rows["label"].to_list()))
    codes = {label: code for code, label in enumerate(names)}
    splits: dict[Split, Members] = {}
    for split in SPLITS:
        part = rows.filter(pl.col("split") == split)
        encoded = tuple(codes[label] for label in part["label"])
        splits[split] = Members(tuple(part["photo_id"].to_list()), encoded)
    return PublishedSplits(attribute.published_name, names, splits, keys)


def read_splits(path: Path) -> PublishedSplits:
    """Read a split file; raises `UsageError` when it is not one or contradicts itself."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise _no_split_file(path, f"no JSON: {error}") from error
    if not isinstance(told, dict) or set(told) != set(KEYS):
        raise _no_split_file(path, f"its keys are not {', '.join(KEYS)}")
    classes = _list_of(str, told, "label_encoder_classes", path)
    if len(set(classes)) < max(1, len(classes)):
        raise _no_split_file(path, "it has no classes, or one twice")
    splits = {split: _members(told, short, path) for split, short in SHORT_NAMES.items()}
    published = PublishedSplits(str(told["target_attribute"]), classes, splits, tuple(told))
    _check(published, path)
    return published


def write_splits(path: Path, published: PublishedSplits) -> None:
    """Write a split file, byte by byte as the published ones are, atomically."""
    told: dict[str, Any] = {
        "target_attribute": published.published_name,
        "label_encoder_classes": published.classes,
    }
    for split, short in SHORT_NAMES.items():
        told[f"encoded_{short}_labels"] = published.splits[split].codes
        told[f"{short}_ids"] = published.splits[split].photo_ids
    write_text(path, json.dumps({key: told[key] for key in published.keys}))


def _members(told: Mapping[str, Any], short: str, path: Path) -> Members:
    return Members(
        _list_of(int, told, f"{short}_ids", path),
        _list_of(int, told, f"encoded_{short}_labels", path),
    )


def _list_of(kind: type, told: Mapping[str, Any], key: str, path: Path) -> tuple[Any, ...]:
    values = told[key]
    if not isinstance(values, list):
        raise _no_split_file(path, f"{key!r} is no list")
    for value in values:
        if type(value) is not kind:
            raise _no_split_file(path, f"{value!r} in {key!r} is no {kind.__name__}")
    return tuple(values)


def _check(published: PublishedSplits, path: Path) -> None:
    _ = published.attribute
    for split, members in published.splits.items():
        if len(members.photo_ids) != len(members.codes):
            sizes = f"{len(members.photo_ids)} ids and {len(members.codes)} labels"
            raise UsageError(f"{str(path)!r} has {sizes} in {split}: fetch the file again")
        if not all(0 <= code < len(published.classes) for code in members.codes):
            raise UsageError(f"{str(path)!r} has labels without a class in {split}: fetch it again")
        for photo_id in members.photo_ids:
            if not 0 < photo_id <= LARGEST_ID:
                raise UsageError(
                    f"{str(path)!r} has {photo_id!r} in {split}, no photo id: fetch it again"
                )


def _no_split_file(path: Path, why: str) -> UsageError:
    return UsageError(f"{str(path)!r} is no published split file ({why}): name another one")
