"""A corpus's labels → split files in the published form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif.corpus.layout import Corpus
from flickrexif.errors import UsageError
from flickrexif.labels.assign import photo_places
from flickrexif.labels.attributes import ATTRIBUTES
from flickrexif.labels.published import KEYS, file_name, splits_of, write_splits
from flickrexif.labels.splits import level
from flickrexif.labels.store import read_labelled

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ENCODER, FILE_KEYS = "encoder_classes", "file_keys"
"""What labels.json keeps of an imported file: the orders of its classes and of its keys."""


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """The files that were written, by attribute.

    ``removed`` photos have left the corpus since it was labelled and stand in no file; ``levelled``
    rows went with them, so that classes stay equal.
    """

    files: Mapping[str, Path]
    rows: Mapping[str, int]
    removed: int
    levelled: int

    def lines(self) -> list[str]:
        """The summary for people, one file a line."""
        told = [f"{path}: {self.rows[name]} rows" for name, path in self.files.items()]
        if self.removed:
            told.append(
                f"{self.removed} photos have left the corpus since it was labelled and are left "
                f"out, and {self.levelled} rows so that classes stay equal"
            )
        return told


def export_splits(corpus: Path | str, folder: Path | str) -> ExportSummary:
    """Write the splits of ``corpus`` into ``folder``, a published file per labelled attribute.

    Keys, types and names are those of the published files; ids keep the order of labels.parquet.
    Files of the same names are replaced. What was imported from such files is written as it was,
    byte by byte. Raises `UsageError`, with nothing written, for a corpus without labels.
    """
    opened, folder = Corpus.open(corpus), Path(folder)
    labels, words = read_labelled(opened.path)
    told: dict[str, dict[str, Any]] = words["attributes"]
    named = [one for one in ATTRIBUTES if one.name in set(labels["attribute"])]
    if not named:
        raise UsageError(
            f"corpus {str(corpus)!r} has no labelled attribute: crawl more months and label it anew"
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file: name a folder for the split files")
    left, removed = _without(labels, opened.removed_ids(), int(words.get("seed", 0)))
    folder.mkdir(parents=True, exist_ok=True)
    files = {one.name: folder / file_name(one) for one in named}
    for one in named:
        kept = told.get(one.name, {})
        classes = tuple(kept[ENCODER]) if ENCODER in kept else None
        keys = tuple(kept.get(FILE_KEYS, KEYS))
        write_splits(files[one.name], splits_of(left, one, classes=classes, keys=keys))
    rows = {one.name: left.filter(pl.col("attribute") == one.name).height for one in named}
    lost = labels.height - left.height
    gone = labels.filter(pl.col("photo_id").is_in(removed)).height
    return ExportSummary(files, rows, removed=len(removed), levelled=lost - gone)


def _without(
    labels: pl.DataFrame, removed_ids: Collection[int], seed: int
) -> tuple[pl.DataFrame, pl.Series]:
    """``labels`` without these photos, classes of the attributes concerned equal again.

    Also the photos concerned.
    """
    is_removed = pl.col("photo_id").is_in(list(removed_ids))
    gone = labels.filter(is_removed)
    places = pl.Series("photo_place", photo_places(seed, labels["photo_id"].to_numpy()), pl.Float64)
    concerned = pl.col("attribute").is_in(gone["attribute"].unique().implode())
    left = labels.with_columns(places).with_row_index("row").filter(~is_removed)
    both = pl.concat([left.filter(~concerned), level(left.filter(concerned))])
    return both.sort("row").select(labels.columns), gone["photo_id"].unique()
