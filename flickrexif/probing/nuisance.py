"""The nuisance control: what tells of a photo's camera without a look at its pixels.

Size, JPEG quality, chroma subsampling, month and licence, as far as the release publishes them, as
numbers for a probe: the logarithms of the sides and of the aspect, and each fact's commonest values
one by one. A fact that is the label in other words is left out: the month tells the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import torch

from flickrexif.probing.embeddings import Embeddings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flickrexif.probing.release_data import AttributeData, ReleaseData

COLUMNS = ("width", "height", "jpeg_quality", "chroma_subsampling", "month", "license")
IS_THE_LABEL = {"year": ("month",)}
"""Attribute → the facts that would give it away by definition."""
MOST_VALUES = 64
"""How many values of one fact are told apart; the rarer ones are alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The photos' published facts: ``photo_id``, ascending, and those of `COLUMNS` there are."""

    table: pl.DataFrame

    @classmethod
    def read(cls, release: ReleaseData) -> Facts | None:
        """From the photos config; None where it tells none of them."""
        files = release.files("photos")
        if not files:
            return None
        photos = pl.scan_parquet(files)
        names = photos.collect_schema().names()
        if "month" not in names and "taken_at" in names:
            photos = photos.with_columns(pl.col("taken_at").dt.strftime("%Y-%m").alias("month"))
            names.append("month")
        known = [name for name in COLUMNS if name in names]
        if not known:
            return None
        return cls(photos.select("photo_id", *known).sort("photo_id").collect())

    def columns(self, attribute: str) -> tuple[str, ...]:
        """The facts that a probe of ``attribute`` may be told."""
        left_out = IS_THE_LABEL.get(attribute, ())
        return tuple(name for name in self.table.columns[1:] if name not in left_out)

    def embeddings(self, attribute: AttributeData) -> Embeddings | None:
        """The facts of the attribute's photos as vectors; None where nothing may be told."""
        columns = self.columns(attribute.name)
        wanted = pl.DataFrame({"photo_id": np.unique(attribute.photo_ids)})
        rows = self.table.join(wanted, on="photo_id", how="semi", maintain_order="left")
        if not columns or not len(rows):
            return None
        parts = [_values(rows[name]) for name in columns]
        if {"width", "height"} <= set(columns):
            size = rows.select(pl.concat_str("width", "height", separator="x")).to_series()
            parts += [_values(size), _logarithms(rows)]
        vectors = torch.from_numpy(np.concatenate(parts, axis=1))
        provenance = {"weights": "none", "columns": " ".join(columns)}
        return Embeddings("nuisance", provenance, rows["photo_id"].to_numpy(), vectors)


def _logarithms(rows: pl.DataFrame) -> NDArray[np.float32]:
    """Of width, height and aspect: N x 3; what is not known has the mean of what is."""
    sides = rows.select(pl.col("width", "height").cast(pl.Float64).log())
    logs = sides.with_columns((pl.col("width") - pl.col("height")).alias("aspect"))
    known = logs.fill_null(strategy="mean").fill_null(0.0)
    return np.asarray(known.to_numpy(), dtype=np.float32)


def _values(column: pl.Series) -> NDArray[np.float32]:
    """One column of 0 and 1 for each of the commonest values, the absent one among them."""
    told = column.cast(pl.String).fill_null("").to_numpy().astype(np.str_)
    _, value, counts = np.unique(told, return_inverse=True, return_counts=True)
    commonest = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    hot: NDArray[np.float32] = np.equal(value[:, None], commonest).astype(np.float32)
    return hot
