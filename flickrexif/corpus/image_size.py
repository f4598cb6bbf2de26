"""How large an image is, as a class that may go together with the camera."""

from __future__ import annotations

import polars as pl


def image_size() -> pl.Expr:
    """Width x height as stored, as text: ``1024x683``. Over these columns of a photos table."""
    return pl.concat_str("width", "height", separator="x")


def aspect_ratio() -> pl.Expr:
    """Width / height to two digits, as text: ``1.5``. Over these columns of a photos table."""
    return (pl.col("width") / pl.col("height")).round(2).cast(pl.String)
