"""The work of `flickrexif.embed`: from a path to files of embeddings and a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flickrexif.atomic import atomic_path
from flickrexif.probing.embedding.photos import SetPhotos, photos_at
from flickrexif.probing.embedding.report import EmbeddedRow, EmbedReport
from flickrexif.probing.embedding.run import embed
from flickrexif.probing.embedding.store import FOLDER, file_of
from flickrexif.probing.placing import devices_named
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.probing.embedding.plan import EmbedPlan
    from flickrexif.probing.embedding.run import Lane
    from flickrexif.probing.view import View
    from flickrexif.progress import Progress

PHOTOS = "photos.parquet"


def run(images: Path, plan: EmbedPlan, *, out: Path, progress: Progress) -> EmbedReport:
    """See `flickrexif.probing.embed`."""
    source = photos_at(images)
    done = embed(source, plan, folder=out / FOLDER, progress=progress)
    if isinstance(source, SetPhotos):
        _write_photos(source, out / PHOTOS)
    rows = tuple(_row(lane, done.view, out / FOLDER) for lane in done.lanes)
    devices = ", ".join(devices_named(plan.device))
    skipped = {source.told(photo_id): reason for photo_id, reason in done.skipped.items()}
    return EmbedReport(source.name, devices, plan.dtype, skipped, rows)


def _row(lane: Lane, view: View, folder: Path) -> EmbeddedRow:
    store = lane.store
    return EmbeddedRow(
        encoder=lane.encoder.name,
        family=lane.encoder.family,
        crop=lane.crop.size,
        hidden=view.hidden(lane.crop),
        dim=lane.encoder.dim,
        photos=len(store) - len(store.skipped),
        found=lane.found,
        file=str(file_of(folder, lane.encoder.name)),
        provenance=lane.provenance,
    )


def _write_photos(source: SetPhotos, target: Path) -> None:
    """Which image an id is: photo_id, name, label, split."""
    places = source.images.places
    columns = {
        "photo_id": [row_id(place.name) for place in places],
        "name": [place.name for place in places],
        "label": [place.label for place in places],
        "split": [place.split for place in places],
    }
    words = {"photo_id": pl.Int64, "name": pl.String, "label": pl.String, "split": pl.String}
    with atomic_path(target) as partial:
        pl.DataFrame(columns, schema=words).write_parquet(partial)
