"""How many photos each attribute labels, and why it does not label the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif.exif.normalize import RECORD_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.labels.attributes import Attribute

COPY = "copy of another photo"
NO_TAG = "no tag"
UNREADABLE = "zero or unreadable value"
NO_VALUE = "no tag, or an unreadable value"
DROPPED = "of a dropped class"
ALONE = "no second class"
SPARE = "more than the class needs"

TAGS: Mapping[str, tuple[str, ...]] = {
    "make": ("make",),
    "model": ("model",),
    "exposure": ("exposure_text", "exposure_num"),
    "aperture": ("aperture_text", "aperture_num"),
    "iso_speed": ("iso_text", "iso"),
    "focal_length": ("focal_length_text", "focal_length_num"),
    "focal_length_35mm": ("focal_length_35mm",),
    "flash": ("flash_text", "flash"),
    "year": ("date_time_original",),
}
"""Column of the photos table → the fields of a `RawRecord` of which one is set when a tag is there.
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Photos that an attribute's splits use, and all others by reason, the most common first.

    Together they are all photos of the corpus.
    """

    labelled: int
    unlabelled: Mapping[str, int]

    @property
    def photos(self) -> int:
        """All photos of the corpus."""
        return self.labelled + sum(self.unlabelled.values())

    def as_json(self) -> dict[str, Any]:
        """The attribute's object under ``coverage`` in ``labels.json``."""
        return {"labelled": self.labelled, "unlabelled": dict(self.unlabelled)}


def with_tags(photos: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """``photos`` with a column ``tags``: a struct, per column of `TAGS` whether the tag is there.

    ``accepted`` has photo_id and raw_exif, the JSON of a `RawRecord`.
    """
    fields = pl.Struct({name: RECORD_SCHEMA[name] for names in TAGS.values() for name in names})
    record = pl.col("raw_exif").str.json_decode(fields).struct
    is_there = [
        pl.any_horizontal(record.field(name).is_not_null() for name in names).alias(column)
        for column, names in TAGS.items()
    ]
    tags = accepted.select("photo_id", tags=pl.struct(is_there))
    return photos.join(tags, on="photo_id", how="left", maintain_order="left")


def why_unlabelled(attribute: Attribute, *, is_tagged: bool) -> pl.Expr:
    """Why ``attribute`` has no class for a photo; ``is_tagged``: a column of `with_tags` tells."""
    source = pl.col(attribute.source_column)
    if is_tagged:
        there = pl.col("tags").struct.field(attribute.source_column)
        nothing = pl.when(there).then(pl.lit(UNREADABLE)).otherwise(pl.lit(NO_TAG))
    else:
        nothing = pl.lit(NO_VALUE)
    return pl.when(source.is_null()).then(nothing).otherwise(attribute.why_none)


def coverage(
    reasons: pl.Series, *, copies: int, labelled: int, other: Mapping[str, int]
) -> Coverage:
    """The coverage of one attribute.

    ``reasons`` has one entry per photo without a class; ``copies`` of photos are in no class
    whatever their tags; ``other`` counts the photos with a class that the splits do not use.
    """
    counted = dict(reasons.value_counts().iter_rows()) | dict(other) | {COPY: copies}
    ordered = sorted(counted.items(), key=lambda reason: (-reason[1], reason[0]))
    return Coverage(labelled, {reason: count for reason, count in ordered if count})
