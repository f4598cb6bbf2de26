"""Unsound labels made sound by leaving rows out."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from flickrexif.labels.assign import photo_places
from flickrexif.labels.splits import level

STRENGTH = {"train": 0, "validation": 1, "test": 2}
"""Whoever stands in two splits stays in the stronger one, so that what is measured on stays."""


@dataclass(frozen=True, slots=True)
class Repair:
    """How many rows of an attribute were dropped, and why."""

    leaked: int
    """Of photos that stand in a stronger split too, in two classes, or twice."""
    astride: int
    """Of owners who stand in a stronger split too."""
    levelled: int
    """Sound ones, so that classes stay equal in each split."""

    def __str__(self) -> str:
        return (
            f"dropped {self.leaked} rows of photos that stand elsewhere too, {self.astride} of "
            f"owners astride, and {self.levelled} so that classes stay equal"
        )


def repair(labels: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, dict[str, Repair]]:
    """``labels`` (attribute, photo_id, owner_id, label, split) without what makes them unsound.

    Photos and owners in two splits stay in test, else in validation. Photos of two classes go.
    Unknown owners (null) are nobody's fault. Then classes are made equal again by `level`. The
    order of rows is kept. Also what was dropped, by attribute.
    """
    strength = pl.col("split").replace_strict(STRENGTH, return_dtype=pl.Int8)
    place = pl.Series("photo_place", photo_places(seed, labels["photo_id"].to_numpy()), pl.Float64)
    whole = labels.with_columns(place)
    photo, owner = ("attribute", "photo_id"), ("attribute", "owner_id")
    once = whole.filter(
        (strength == strength.max().over(photo)) & (pl.col("label").n_unique().over(photo) == 1)
    ).unique(photo, keep="first", maintain_order=True)
    apart = once.filter(pl.col("owner_id").is_null() | (strength == strength.max().over(owner)))
    even = level(apart)
    rows = [
        dict(part["attribute"].value_counts().iter_rows()) for part in (whole, once, apart, even)
    ]
    dropped = {}
    for name in labels["attribute"].unique(maintain_order=True):
        all_, alone, disjoint, equal = (counted.get(name, 0) for counted in rows)
        dropped[name] = Repair(all_ - alone, alone - disjoint, disjoint - equal)
    return even.select(labels.columns), dropped
