"""An audit: every attribute against everything that is no camera trace."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl

from flickrexif.association import contingency, cramers_v
from flickrexif.auditing.report import Association, AuditReport
from flickrexif.auditing.tables import attribute_labels, described, nuisances


def audit(release: Path | str) -> AuditReport:
    """What the release at ``release`` gives away besides its labels.

    For each attribute, the bias-corrected Cramér's V between its classes and size, aspect, JPEG
    quality and tables, chroma subsampling, month, licence and owner (those that the photos config
    tells), and each other attribute of the release. Raises `UsageError` for a folder that is no
    release.
    """
    release = Path(release)
    manifest = described(release)
    labels = {name: attribute_labels(release, name) for name in manifest["attributes"]}
    others = {
        name: table.select("photo_id", pl.col("label").cast(pl.String).alias(name))
        for name, table in labels.items()
    }
    photos = nuisances(release)
    found = [
        association
        for name, table in labels.items()
        for association in _of_attribute(
            name, table, photos, {k: v for k, v in others.items() if k != name}
        )
    ]
    version = str(manifest.get("version", ""))
    called = str(manifest.get("name") or release.resolve().name)
    return AuditReport(called, version, tuple(found))


def _of_attribute(
    name: str, labels: pl.DataFrame, photos: pl.DataFrame, others: dict[str, pl.DataFrame]
) -> list[Association]:
    joined = labels.join(photos, on="photo_id", how="left")
    for other in others.values():
        joined = joined.join(other, on="photo_id", how="left")
    found = [
        _association(name, column, joined)
        for column in joined.columns
        if column not in ("photo_id", "label")
    ]
    return sorted(found, key=lambda a: (math.isnan(a.cramers_v), -a.cramers_v, a.with_what))


def _association(name: str, column: str, joined: pl.DataFrame) -> Association:
    known = joined.select("label", column).drop_nulls()
    codes = known[column].rank("dense").to_numpy().astype(np.int64)
    counts = contingency(known["label"].to_numpy().astype(np.int64), codes)
    return Association(name, column, cramers_v(counts), len(known), counts.shape[1])
