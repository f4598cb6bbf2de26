"""The photos table: accepted rows, their EXIF made plain, licences, and what the files show."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq

from flickrexif.corpus.duplicates import duplicate_of
from flickrexif.corpus.schema import PHOTOS
from flickrexif.exif.cameras import identify_columns
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize
from flickrexif.flickr.licenses import license_of
from flickrexif.imaging.double_compression import double_compression as hint_of
from flickrexif.labels.traces import Traces, read_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

IMAGES_AT_ONCE = 64
IMAGE_SCHEMA = pl.Schema(
    {
        "photo_id": pl.Int64,
        "width": pl.Int32,
        "height": pl.Int32,
        "sha256": pl.String,
        "jpeg_quality": pl.Int16,
        "jpeg_quality_exact": pl.Boolean,
        "jpeg_quality_residual": pl.Float64,
        "jpeg_tables": pl.String,
        "chroma_subsampling": pl.String,
        "icc_profile": pl.String,
        "bit_depth": pl.Int16,
        "double_compressed": pl.Boolean,
        "jpeg_first_quality": pl.Int16,
    }
)
TRACES = tuple(field.name for field in fields(Traces))


def photos_table(
    accepted: pl.DataFrame, shards: Sequence[Path], *, double_compression: bool = False
) -> pl.DataFrame:
    """One row per accepted photo, columns and order of `PHOTOS`, sorted by photo_id.

    ``accepted`` as `Corpus.accepted` gives it; ``shards`` are its image shards. A photo
    without a stored image has nulls for what the file would show. Of photos with the same bytes all
    but the first tell its id in ``duplicate_of``. With ``double_compression`` every image is
    decoded to fill ``double_compressed`` and ``jpeg_first_quality``, null otherwise.
    """
    records = accepted.with_columns(
        pl.col("raw_exif").str.json_decode(pl.Struct(RECORD_SCHEMA))
    ).unnest("raw_exif")
    normal = identify_columns(normalize(records))
    licensed = normal.join(_licenses(normal["license_id"]), on="license_id", how="left")
    whole = licensed.with_columns(
        pl.col("license_id").cast(pl.Int16),
        pl.col("taken_at").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False),
        pl.from_epoch("uploaded_at", time_unit="s").dt.replace_time_zone("UTC"),
    ).join(image_table(shards, double_compression=double_compression), on="photo_id", how="left")
    return whole.with_columns(duplicate_of()).select(PHOTOS.names).sort("photo_id")


def image_table(shards: Sequence[Path], *, double_compression: bool = False) -> pl.DataFrame:
    """One row per image in ``shards``: size, hash and traces; memory is bounded by a batch."""
    rows = _images(shards, _facts_and_hint if double_compression else _facts)
    return pl.DataFrame(rows, schema=IMAGE_SCHEMA, orient="row")


def _images(
    shards: Sequence[Path], facts: Callable[[bytes], tuple[object, ...]]
) -> Iterator[tuple[object, ...]]:
    columns = ["photo_id", "width", "height", "sha256", "image"]
    for shard in shards:
        with pq.ParquetFile(shard) as file:
            for batch in file.iter_batches(batch_size=IMAGES_AT_ONCE, columns=columns):
                *told, images = (batch.column(name) for name in columns)
                for *row, image in zip(*told, images, strict=True):
                    yield (*(value.as_py() for value in row), *facts(image.as_py()))


def _facts(content: bytes) -> tuple[object, ...]:
    return (*_header(content), None, None)


def _facts_and_hint(content: bytes) -> tuple[object, ...]:
    hint = hint_of(content)
    return (*_header(content), hint.found, hint.first_quality)


def _header(content: bytes) -> tuple[object, ...]:
    traces = read_traces(content)
    return tuple(getattr(traces, name) for name in TRACES)


def _licenses(ids: pl.Series) -> pl.DataFrame:
    known = [license_of(license_id) for license_id in ids.unique().sort()]
    return pl.DataFrame(
        {
            "license_id": [one.id for one in known],
            "license": [one.spdx for one in known],
            "license_url": [one.url for one in known],
        },
        schema={"license_id": pl.Int64, "license": pl.String, "license_url": pl.String},
    )
