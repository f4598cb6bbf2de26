"""The tables of a release that an audit compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flickrexif.corpus.image_size import aspect_ratio, image_size
from flickrexif.errors import UsageError
from flickrexif.release.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.release.manifest import Manifest

NUISANCES = (
    *("size", "aspect", "jpeg_quality", "jpeg_tables", "chroma_subsampling"),
    *("month", "license", "owner_id"),
)
"""What a classifier could learn in place of the camera, as far as the photos config tells it."""


def described(release: Path) -> Manifest:
    """The manifest of ``release``; `UsageError` when there is none or it has no attributes."""
    manifest = read_manifest(release)
    if not manifest.get("attributes"):
        raise UsageError(f"release {str(release)!r} has no attributes to audit; rebuild it")
    return manifest


def attribute_labels(release: Path, attribute: str) -> pl.DataFrame:
    """photo_id and label (the class's number) of every photo of ``attribute``'s splits."""
    files = sorted((release / attribute).glob("*.parquet"))
    if not files:
        raise UsageError(f"release {str(release)!r} has no files of {attribute!r}; rebuild it")
    return pl.read_parquet(files, columns=["photo_id", "label"]).unique("photo_id")


def nuisances(release: Path) -> pl.DataFrame:
    """photo_id and, as text, those of `NUISANCES` that the photos config tells.

    ``size`` is the width x height as fetched, ``aspect`` their ratio to two digits.
    """
    files = sorted((release / "photos").glob("*.parquet"))
    if not files:
        return pl.DataFrame(schema={"photo_id": pl.Int64})
    photos = pl.scan_parquet(files)
    names = photos.collect_schema().names()
    if {"width", "height"} <= set(names):
        photos = photos.with_columns(size=image_size(), aspect=aspect_ratio())
        names += ["size", "aspect"]
    kept = [pl.col(name).cast(pl.String) for name in NUISANCES if name in names]
    return photos.select("photo_id", *kept).collect()
