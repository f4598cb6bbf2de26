"""Rows and files of small corpora, as a crawl leaves them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import polars as pl
from PIL import Image, ImageCms

from flickrexif.corpus.images import shard_name, write_shard
from flickrexif.corpus.rows import CandidateRow, Outcome, WaitingImage, WindowRow
from flickrexif.exif import RawRecord

MONTHS = ("2020-01", "2020-02", "2020-03", "2020-04", "2020-05", "2020-06")
ACCEPTED = {
    "photo_id": pl.Int64,
    "page_url": pl.String,
    "owner_id": pl.String,
    "owner_name": pl.String,
    "license_id": pl.Int64,
    "taken_at": pl.String,
    "uploaded_at": pl.Int64,
    "month": pl.String,
    "image_url": pl.String,
    "exif_source": pl.String,
    "raw_exif": pl.String,
}


def record_of(photo):
    settings = photo.settings
    return RawRecord(
        source="file",
        make=photo.camera.make,
        model=photo.camera.model,
        exposure_num=settings.exposure[0],
        exposure_den=settings.exposure[1],
        aperture_num=settings.f_number[0],
        aperture_den=settings.f_number[1],
        iso=settings.iso,
        focal_length_num=settings.focal_length[0],
        focal_length_den=settings.focal_length[1],
        focal_length_35mm=settings.focal_35mm,
        flash=settings.flash,
        date_time_original=f"{photo.captured:%Y:%m:%d %H:%M:%S}",
    )


def jpeg(photo_id, *, quality=85, subsampling=2, **options):
    stream = io.BytesIO()
    image = Image.new("RGB", (40 + photo_id % 7, 30), (photo_id % 256, 90, 20))
    image.save(stream, "JPEG", quality=quality, subsampling=subsampling, **options)
    return stream.getvalue()


@dataclass(frozen=True)
class MadeCorpus:
    path: object
    photos: list


def accepted_photos(catalogue, months):
    return [
        photo
        for photo in catalogue
        if f"{photo.captured:%Y-%m}" in months and photo.camera and photo.settings
    ]


def row_of(photo):
    return (
        photo.id,
        f"https://www.flickr.test/photos/{photo.owner.nsid}/{photo.id}",
        photo.owner.nsid,
        photo.owner.username,
        4,
        f"{photo.taken:%Y-%m-%d %H:%M:%S}",
        photo.uploaded,
        f"{photo.captured:%Y-%m}",
        None,
        "file",
        record_of(photo).to_json(),
    )


def fill(state, corpus, month, photos, *, content_of=None):
    """Accept ``photos`` in ``month``; ``content_of`` an id replaces their small JPEG files."""
    window = WindowRow(month, 4, f"{month}-01 00:00:00", f"{month}-28 23:59:59", 1, "listed",
                       len(photos), len(photos), 0)  # fmt: skip
    with state.transaction():
        state.add_window(window, [candidate(photo, month) for photo in photos])
        for photo in photos:
            state.add_outcome(
                Outcome(photo.id, photo.owner.nsid, "accepted", exif=record_of(photo),
                        image=waiting(photo.id, content_of))
            )  # fmt: skip
    ids = state.waiting(month)
    shard = write_shard(corpus.images_folder / shard_name(month, 0), ids, state.images)
    with state.transaction():
        state.close_photos(ids, shard)


def candidate(photo, month):
    return CandidateRow(
        photo_id=photo.id,
        rank=photo.id,
        month=month,
        owner_id=photo.owner.nsid,
        owner_name=photo.owner.username,
        license_id=4,
        taken_at=f"{photo.taken:%Y-%m-%d %H:%M:%S}",
        uploaded_at=photo.uploaded,
        page_url=f"https://www.flickr.test/photos/x/{photo.id}",
        original_url=None,
        image_url=f"https://live.flickr.test/{photo.id}_b.jpg",
    )


def waiting(photo_id, content_of=None):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = content_of(photo_id) if content_of else jpeg(photo_id, icc_profile=profile)
    sha256 = hashlib.sha256(content).hexdigest()
    return WaitingImage(content, sha256, 40 + photo_id % 7, 30, "image/jpeg")


def texture(photo_id, *qualities):
    """Blurred noise with detail in every block, compressed once for each of ``qualities``."""
    noise = np.random.default_rng(photo_id).integers(0, 256, (60, 80), dtype=np.uint8)
    image = Image.fromarray(noise).resize((240, 180), Image.Resampling.BICUBIC).convert("RGB")
    for quality in qualities:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        image = Image.open(stream)
    return stream.getvalue()
