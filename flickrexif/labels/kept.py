"""Labels that came with a corpus's photos: they stay, while its photos table is made anew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.labels.store import WORDS_FILE, read_labelled, write_labelled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

IMPORTED = "imported"
"""The preset in labels.json of labels that nobody dealt here: of split files, or of a release."""


@dataclass(frozen=True, slots=True)
class KeptLabels:
    """What a corpus holds whose labels were imported and have stayed as they were.

    ``duplicates`` of the ``images`` have the bytes of another one; the labels are not changed by
    it.
    """

    photos: int
    images: int
    duplicates: int
    rows: Mapping[str, int]
    """Labelled rows by attribute."""
    words: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The object that stands in ``labels.json``."""
        return dict(self.words)

    def lines(self) -> list[str]:
        """The summary for people."""
        told = [f"{self.photos} photos, {self.images} with an image; labels stay as imported"]
        if self.duplicates:
            told.append(f"{self.duplicates} of the images are copies of another, byte by byte")
        return [*told, *(f"{name}: {rows} rows" for name, rows in self.rows.items())]


def is_imported(corpus: Path) -> bool:
    """True when the labels of ``corpus`` were imported, as far as labels.json can be read."""
    try:
        words = json.loads((corpus / WORDS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(words, dict) and words.get("preset") == IMPORTED


def keep_labels(corpus: Path, photos: pl.DataFrame) -> KeptLabels:
    """Write ``photos`` as the photos table of ``corpus`` beside the labels that it has.

    labels.parquet gets the rows that it had; labels.json other counts of photos and duplicates.
    """
    labels, words = read_labelled(corpus)
    images = photos["sha256"].count()
    duplicates = photos["duplicate_of"].count()
    words = {**words, "photos": photos.height, "duplicates": duplicates}
    write_labelled(corpus, photos, labels, words)
    counts = dict(labels["attribute"].value_counts().iter_rows())
    rows = {name: counts.get(name, 0) for name in words["attributes"]}
    return KeptLabels(photos.height, images, duplicates, rows, words)
