"""Split files in the published form and the published table → a labelled corpus."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif._version import __version__
from flickrexif.atomic import sync_directory
from flickrexif.errors import UsageError
from flickrexif.labels.attributes import ATTRIBUTES, SPLITS, attributes_under
from flickrexif.labels.bins import PRINTED
from flickrexif.labels.exporting import ENCODER, FILE_KEYS
from flickrexif.labels.imported_photos import PLAN, keep_photos
from flickrexif.labels.kept import IMPORTED
from flickrexif.labels.photos import photos_table
from flickrexif.labels.proof import Fault, prove
from flickrexif.labels.published_table import read_table
from flickrexif.labels.repair import Repair, repair
from flickrexif.labels.split_files import read_each
from flickrexif.labels.store import write_labelled
from flickrexif.labels.summary import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flickrexif.labels.attributes import Attribute
    from flickrexif.labels.published import PublishedSplits
    from flickrexif.labels.published_table import PublishedTable

LOST = "nothing sound was left of its splits"


@dataclass(frozen=True, slots=True)
class ImportedAttribute:
    """What became of one split file."""

    classes: int
    rows: int
    without_photo: int
    """Rows whose photo the table does not have; they are kept, a build leaves them out."""
    compared: int
    unlike: int
    """Rows of other classes than the table's values give, of those where it gives any."""
    dropped: Repair | None

    def lines(self, name: str) -> Iterator[str]:
        """The attribute for people."""
        yield f"{name}: {self.classes} classes, {self.rows} rows"
        if self.without_photo:
            yield f"  {self.without_photo} rows have no photo in the table"
        if self.unlike:
            yield f"  {self.unlike} of {self.compared} rows are not what the table's values say"
        if self.dropped is not None:
            yield f"  {self.dropped}"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import came to; ``faults`` are what makes the splits unsound as they now stand."""

    corpus: Path
    photos: int
    owners: int
    repeated: int
    """Rows of the table that told a photo again."""
    ownerless: int
    """Rows of the table left out for want of an owner."""
    attributes: Mapping[str, ImportedAttribute]
    faults: tuple[Fault, ...]

    def lines(self) -> list[str]:
        """The summary for people."""
        told = [f"{self.corpus}: {self.photos} photos by {self.owners} owners, licences unknown"]
        if self.repeated:
            told.append(f"{self.repeated} rows of the table tell a photo again and were left out")
        if self.ownerless:
            told.append(f"{self.ownerless} rows of the table tell no owner and were left out")
        for name, one in self.attributes.items():
            told += one.lines(name)
        told += [f"FOUND {fault}" for fault in self.faults]
        return told


def import_splits(
    paths: Iterable[Path | str], *, table: Path | str, corpus: Path | str, mend: bool = False
) -> ImportSummary:
    """Make the new corpus ``corpus`` of published split files and the published table of photos.

    ``paths`` are split files or folders of such; ``table`` is a CSV, JSON lines or parquet file
    with the published columns, whose texts are normalised as getExif's are. Splits stand in the
    corpus as in the files, ids that leak too; ``mend`` leaves out what makes them unsound, as
    `flickrexif.labels.repair.repair` does. Nothing is fetched: licences and dates stay unknown, and
    there are no images. The corpus appears whole or not at all. Raises `UsageError`, with nothing
    written, for files that cannot be used and for a ``corpus`` that exists.
    """
    corpus = Path(corpus)
    if corpus.exists():
        raise UsageError(f"{str(corpus)!r} exists and is not imported into: name a new folder")
    files = {one.attribute.name: one for one in read_each(map(Path, paths)).values()}
    for one in files.values():
        _refuse_other_classes(one)
    told = read_table(Path(table))
    owners = told.rows.select("photo_id", "owner_id")
    labels = pl.concat([files[one.name].labels() for one in ATTRIBUTES if one.name in files])
    labels = labels.join(owners, on="photo_id", how="left", maintain_order="left")
    dropped: dict[str, Repair] = {}
    if mend:
        labels, dropped = repair(labels, PLAN.seed)
        files = {name: _with_classes_left(one, labels) for name, one in files.items()}
    photos = _make(corpus, told, labels, files)
    attributes = {
        one.name: _imported(one, labels, photos, dropped.get(one.name))
        for one in attributes_under("paper", {})
        if one.name in files
    }
    return ImportSummary(
        corpus=corpus,
        photos=photos.height,
        owners=photos["owner_id"].n_unique(),
        repeated=told.repeated,
        ownerless=told.ownerless,
        attributes=attributes,
        faults=tuple(prove(labels)),
    )


def _refuse_other_classes(splits: PublishedSplits) -> None:
    try:
        splits.attribute.ordered(set(splits.classes))
    except ValueError as error:
        raise UsageError(
            f"the split file of {splits.published_name!r} has a class that is no number ({error}): "
            "name a file with the printed values"
        ) from error


def _with_classes_left(splits: PublishedSplits, labels: pl.DataFrame) -> PublishedSplits:
    rows = labels.filter(pl.col("attribute") == splits.attribute.name)
    left = set(rows["label"])
    return replace(splits, classes=tuple(label for label in splits.classes if label in left))


def _make(
    corpus: Path,
    table: PublishedTable,
    labels: pl.DataFrame,
    files: Mapping[str, PublishedSplits],
) -> pl.DataFrame:
    """Make the corpus beside its place, then move it there; its photos table."""
    partial = corpus.with_name(f".{corpus.name}.{os.getpid()}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        photos = photos_table(keep_photos(partial, table.rows).accepted(), [])
        write_labelled(partial, photos, labels, _words(labels, files, photos.height))
        partial.rename(corpus)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sync_directory(corpus.parent)
    return photos


def _words(
    labels: pl.DataFrame, files: Mapping[str, PublishedSplits], photos: int
) -> dict[str, Any]:
    """What stands in labels.json: as `LabelSummary` has it, and the orders of the files."""
    lost = [name for name, one in files.items() if not one.classes]
    return {
        "schema_version": SCHEMA_VERSION,
        "made_with": {"flickrexif": __version__},
        "preset": IMPORTED,
        "seed": PLAN.seed,
        "photos": photos,
        "duplicates": 0,
        "attributes": {
            name: _attribute_words(labels, one) for name, one in files.items() if one.classes
        },
        "left_out": dict.fromkeys(lost, LOST),
    }


def _attribute_words(labels: pl.DataFrame, file: PublishedSplits) -> dict[str, Any]:
    attribute = file.attribute
    rows = labels.filter(pl.col("attribute") == attribute.name)
    counts = {(split, label): n for split, label, n in rows.group_by("split", "label").len().rows()}
    classes = attribute.ordered(set(file.classes))
    return {
        "published_name": attribute.published_name,
        "classes": list(classes),
        "ordinal": attribute.ordinal,
        "description": attribute.description,
        "bins": PRINTED,
        "splits": {
            split: {label: counts.get((split, label), 0) for label in classes} for split in SPLITS
        },
        ENCODER: list(file.classes),
        FILE_KEYS: list(file.keys),
    }


def _imported(
    attribute: Attribute, labels: pl.DataFrame, photos: pl.DataFrame, dropped: Repair | None
) -> ImportedAttribute:
    """What became of one file, whose labels are compared with those that ``attribute`` gives."""
    rows = labels.filter(pl.col("attribute") == attribute.name)
    derived = photos.select("photo_id", derived=attribute.expression)
    both = rows.join(derived, on="photo_id", how="inner")
    compared = both.drop_nulls("derived")
    return ImportedAttribute(
        classes=rows["label"].n_unique(),
        rows=rows.height,
        without_photo=rows.height - both.height,
        compared=compared.height,
        unlike=compared.filter(pl.col("derived") != pl.col("label")).height,
        dropped=dropped,
    )
