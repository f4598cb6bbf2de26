"""A labelled corpus of photos that look like Flickr's, for the benchmarks of releases.

64 scenes are rendered by the sandbox's simulated cameras at 1024 pixels a side. Each photo is a
seeded part of one of them, encoded anew at quality 90 (4:2:0) with the EXIF of that camera in it:
no two files share their coded pixels. Labels are dealt by number; state, shards and tables are
written as a crawl and `label` write them.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.images import SHARD_ROWS, groups, shard_name, write_shard
from flickrexif.corpus.rows import CandidateRow, ImageRun, Outcome, WaitingImage, WindowRow
from flickrexif.corpus.schema import LABELS, PHOTOS
from flickrexif.exif import RawRecord
from flickrexif.sandbox import Catalogue
from flickrexif.sandbox.exif_block import exif_block
from flickrexif.sandbox.render import original, shrink

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = {"make": 8, "iso": 5, "aperture": 6, "focal_length": 4, "flash": 2}
"""Attribute → how many classes; every photo has one of each."""
SCENES = 64
LONGEST = 1024
FIRST_ID = 50_000_000_000
MONTH = "2020-01"
LICENSE = (4, "CC-BY-2.0", "https://creativecommons.org/licenses/by/2.0/")
PHOTOS_OF_OWNER = 20
SPLITS = ("train",) * 7 + ("validation",) + ("test",) * 2


def make_corpus(folder: Path, photos: int) -> None:
    """A labelled corpus of so many photos in ``folder``."""
    corpus = Corpus.create(folder, CrawlPlan(MONTH), endpoint="sandbox:seed=0")
    corpus.images_folder.mkdir()
    rows = [
        photo_row(number, owners=max(10, photos // PHOTOS_OF_OWNER)) for number in range(photos)
    ]
    numbers = {row["photo_id"]: number for number, row in enumerate(rows)}
    with corpus.state() as state, state.transaction():
        window = WindowRow(MONTH, LICENSE[0], f"{MONTH}-01 00:00:00", f"{MONTH}-31 23:59:59", 1,
                           "listed", photos, photos, 0)  # fmt: skip
        state.add_window(window, [candidate(row) for row in rows])
        for row in rows:
            exif = RawRecord(source="file", make="Canon")
            state.add_outcome(Outcome(row["photo_id"], row["owner_id"], "accepted", exif=exif))
        for index, ids in enumerate(groups(sorted(numbers), SHARD_ROWS)):
            path = corpus.images_folder / shard_name(MONTH, index)
            made = write_shard(
                path, ids, lambda some: ImageRun.of(waiting(numbers[one]) for one in some)
            )
            state.close_photos(ids, made)
    sizes = {}
    for shard in sorted(corpus.images_folder.iterdir()):
        table = pq.read_table(shard, columns=["photo_id", "sha256", "width", "height"])
        sizes |= {row.pop("photo_id"): row for row in table.to_pylist()}
    rows = [row | sizes[row["photo_id"]] for row in rows]
    pq.write_table(pa.Table.from_pylist(rows, schema=PHOTOS), folder / "photos.parquet")
    pq.write_table(pa.Table.from_pylist(label_rows(rows), schema=LABELS), folder / "labels.parquet")
    words = {
        name: {"classes": classes_of(name), "ordinal": False, "description": f"the {name}"}
        for name in CLASSES
    }
    (folder / "labels.json").write_text(json.dumps({"attributes": words}))


def waiting(number: int) -> WaitingImage:
    file, (width, height) = photo(number)
    sha256 = hashlib.sha256(file).hexdigest()
    return WaitingImage(file, sha256, width, height, "image/jpeg")


def photo(number: int) -> tuple[bytes, tuple[int, int]]:
    """The file of a photo, and its width and height in pixels."""
    chance = random.Random(number)
    picture, exif = scene(number % SCENES)
    share = chance.uniform(0.75, 1.0)
    width, height = round(picture.width * share), round(picture.height * share)
    left = chance.randint(0, picture.width - width)
    top = chance.randint(0, picture.height - height)
    part = picture.crop((left, top, left + width, top + height))
    part = part.point(lambda value: value * share + number % 7)
    file = io.BytesIO()
    part.save(file, "JPEG", quality=90, subsampling="4:2:0", exif=exif)
    return file.getvalue(), part.size


@lru_cache(SCENES)
def scene(index: int) -> tuple[Image.Image, bytes]:
    """A rendered scene, and the EXIF of the camera that saw it."""
    shown = catalogue().at(index)
    picture = Image.open(io.BytesIO(shrink(original(shown), LONGEST)))
    return picture.convert("RGB"), exif_block(shown, None) or b""


@lru_cache(1)
def catalogue() -> Catalogue:
    return Catalogue(0)


def photo_row(number: int, *, owners: int) -> dict[str, object]:
    """A row of the photos table, without what only its file tells."""
    owner, photo_id = number % owners, FIRST_ID + 7 * number
    taken = datetime(2020, 1, 1) + timedelta(minutes=number)  # noqa: DTZ001 - a camera's clock
    license_id, spdx, url = LICENSE
    return dict.fromkeys(PHOTOS.names) | {
        "photo_id": photo_id,
        "page_url": f"https://www.flickr.test/photos/owner{owner}/{photo_id}",
        "owner_id": f"{owner:08}@N00",
        "owner_name": f"Owner {owner}",
        "license_id": license_id,
        "license": spdx,
        "license_url": url,
        "taken_at": taken,
        "uploaded_at": taken.replace(tzinfo=UTC),
        "month": MONTH,
        "image_url": f"https://live.flickr.test/65535/{photo_id}_b.jpg",
        "exif_source": "file",
        "make": "Canon",
        "year": 2020,
    }


def candidate(row: dict[str, object]) -> CandidateRow:
    return CandidateRow(
        photo_id=row["photo_id"],
        rank=row["photo_id"],
        month=MONTH,
        owner_id=row["owner_id"],
        owner_name=row["owner_name"],
        license_id=row["license_id"],
        taken_at=f"{row['taken_at']:%Y-%m-%d %H:%M:%S}",
        uploaded_at=int(row["uploaded_at"].timestamp()),
        page_url=row["page_url"],
        original_url=None,
        image_url=row["image_url"],
    )


def label_rows(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Every photo in every attribute; classes by turns, splits by owner."""
    seen: Counter[str] = Counter()
    labels = []
    for row in rows:
        split = split_of(row)
        labels += [
            {
                "attribute": name,
                "photo_id": row["photo_id"],
                "label": classes_of(name)[seen[split] % count],
                "split": split,
            }
            for name, count in CLASSES.items()
        ]
        seen[split] += 1
    return labels


def split_of(row: dict[str, object]) -> str:
    return SPLITS[int(str(row["owner_id"]).partition("@")[0]) % len(SPLITS)]


def classes_of(attribute: str) -> list[str]:
    return [f"{attribute} {code}" for code in range(CLASSES[attribute])]
