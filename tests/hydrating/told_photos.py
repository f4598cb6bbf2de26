"""Photos of a sandbox as a published table tells of them, and what a corpus has of them."""

from __future__ import annotations

import polars as pl
import pyarrow.parquet as pq
from small_splits import SPLITS, Published

from flickrexif.corpus import Corpus
from flickrexif.labels.attributes import attribute
from flickrexif.labels.published import file_name, splits_of, write_splits
from flickrexif.sandbox.answers import Places
from flickrexif.sandbox.sizes import SIZES

HOST = "https://live.staticflickr.com"
SIZE = {size.suffix: size for size in SIZES}


def told_photos(catalogue, number):
    """Public photos with a camera and a file of 1024 px, by id."""
    found = [
        photo
        for photo in catalogue
        if photo.visible == "public" and photo.camera and max(photo.width, photo.height) > 1100
    ]
    return sorted(found, key=lambda photo: photo.id)[:number]


def url_of(photo, suffix="_b"):
    return Places(HOST).file(photo, SIZE[suffix])


def row_of(photo, suffix="_b"):
    return {
        "Flickr ID": photo.id,
        "url": url_of(photo, suffix),
        "owner": photo.owner.nsid,
        "Make": photo.camera.make,
        "Model": photo.camera.model,
        "Exposure": "1/60",
        "Aperture": "5.6",
        "ISO Speed": "100",
        "Focal Length": "50.0 mm",
    }


def publish_splits(folder, rows):
    """Split files of Make in which every second photo is a Canon, whatever its camera."""
    folder.mkdir()
    labels = [
        ("make", row["Flickr ID"], ("Canon", "NIKON")[at % 2], SPLITS[at * 3 // len(rows)])
        for at, row in enumerate(rows)
    ]
    table = pl.DataFrame(labels, schema=["attribute", "photo_id", "label", "split"], orient="row")
    one = attribute("make")
    write_splits(folder / file_name(one), splits_of(table, one))
    return Published(folder, rows)


def write_table(path, rows):
    return Published(None, rows).table(path)


def images_in(corpus):
    """Photo id → bytes of every image in the closed shards."""
    found = {}
    for shard in Corpus.open(corpus).image_shards(verified=True):
        table = pq.read_table(shard, columns=["photo_id", "image"])
        ids, images = (table[name].to_pylist() for name in ("photo_id", "image"))
        assert not found.keys() & set(ids)
        found |= dict(zip(ids, images, strict=True))
    return found


def failures_of(corpus):
    """Photo id → reason in failures.csv."""
    frame = pl.read_csv(corpus / "failures.csv", infer_schema=False)
    assert frame.columns == ["photo_id", "url", "reason"]
    return {int(photo_id): why for photo_id, _, why in frame.rows()}


def asked(box):
    """The photo ids of the files that were asked for, in order."""
    return [
        int(path.rsplit("/", 1)[-1].partition("_")[0])
        for path, _ in box.log
        if path.startswith("/i/") and "unavailable" not in path
    ]
