"""Photos whose images are the same, byte by byte."""

from __future__ import annotations

import polars as pl


def duplicate_of() -> pl.Expr:
    """The smallest photo_id with a photo's own sha256; null for that photo, and without an image.

    Over the columns photo_id and sha256 of a photos table. Who the owners are does not matter.
    """
    first = pl.col("photo_id").min().over("sha256")
    is_copy = pl.col("sha256").is_not_null() & (first < pl.col("photo_id"))
    return pl.when(is_copy).then(first).alias("duplicate_of")
