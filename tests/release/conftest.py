from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import piexif
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.images import shard_name
from flickrexif.corpus.rows import CandidateRow, Outcome, ShardRow, WindowRow
from flickrexif.corpus.schema import IMAGES, LABELS, PHOTOS
from flickrexif.exif import RawRecord
from flickrexif.release import BuildPlan, build

if TYPE_CHECKING:
    from pathlib import Path

FIRST_ID = 50_000_000_000
LICENSES = {
    2: ("CC-BY-NC-2.0", "https://creativecommons.org/licenses/by-nc/2.0/"),
    4: ("CC-BY-2.0", "https://creativecommons.org/licenses/by/2.0/"),
    6: ("CC-BY-ND-2.0", "https://creativecommons.org/licenses/by-nd/2.0/"),
    9: ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
}
CLASSES = {
    "make": ("Canon", "NIKON CORPORATION", "Sony"),
    "iso": ("100", "200", "400", "800"),
    "flash": ("Off | no", 'On, "fired"'),
}
SPLIT_OF_OWNER = ("train", "train", "train", "validation", "test")
OWNERS, PER_OWNER = 15, 8


def jpeg(photo_id: int, orientation: int = 1) -> bytes:
    """A small photo whose EXIF tells a place and a serial number."""
    coarse = np.random.default_rng(photo_id).integers(20, 256, (6, 9, 3), dtype=np.uint8)
    exif = {
        "0th": {piexif.ImageIFD.Orientation: orientation, piexif.ImageIFD.Make: b"Canon"},
        "Exif": {piexif.ExifIFD.BodySerialNumber: b"SECRET-SERIAL"},
        "GPS": {
            piexif.GPSIFD.GPSLatitudeRef: b"N",
            piexif.GPSIFD.GPSLatitude: ((48, 1), (51, 1), (2952, 100)),
        },
    }
    buffer = io.BytesIO()
    image = Image.fromarray(coarse).resize((90, 60), Image.Resampling.BICUBIC)
    image.save(buffer, "JPEG", exif=piexif.dump(exif), quality=92)
    return buffer.getvalue()


def photo_row(number: int, license_id: int) -> dict[str, object]:
    owner, photo_id = number % OWNERS, FIRST_ID + 7 * number
    spdx, url = LICENSES[license_id]
    taken = datetime(2020, 1 + number % 2, 3) + timedelta(hours=number)  # noqa: DTZ001
    return dict.fromkeys(PHOTOS.names) | {
        "photo_id": photo_id,
        "page_url": f"https://www.flickr.test/photos/owner{owner}/{photo_id}",
        "owner_id": f"{owner:08}@N00",
        "owner_name": None if owner == 3 else f"Owner {owner}",
        "license_id": license_id,
        "license": spdx,
        "license_url": url,
        "taken_at": taken,
        "uploaded_at": taken.replace(tzinfo=UTC),
        "month": f"{taken:%Y-%m}",
        "image_url": f"https://live.flickr.test/65535/{photo_id}_b.jpg",
        "width": 90,
        "height": 60,
        "exif_source": "api",
        "make": "Canon",
        "exposure_seconds": 1 / 60,
        "iso": 100,
        "is_smartphone": False,
        "year": 2020,
    }


def label_rows() -> list[dict[str, object]]:
    """Balanced: every owner has photos 0..7; class = photo number modulo the classes."""
    rows = []
    for attribute, classes in CLASSES.items():
        per_owner = PER_OWNER // len(classes) * len(classes)
        for owner in range(OWNERS):
            for turn in range(per_owner):
                number = owner + OWNERS * turn
                rows.append(
                    {
                        "attribute": attribute,
                        "photo_id": FIRST_ID + 7 * number,
                        "label": classes[turn % len(classes)],
                        "split": SPLIT_OF_OWNER[owner % 5],
                    }
                )
    return rows


def write_corpus(
    folder: Path,
    *,
    licenses: dict[int, int] | None = None,
    images: dict[int, bytes] | None = None,
    endpoint: str = "sandbox:seed=0",
) -> Path:
    """A labelled corpus; ``licenses`` and ``images`` replace those of photos by their number."""
    count = OWNERS * PER_OWNER
    photos = [photo_row(number, (licenses or {}).get(number, 4)) for number in range(count)]
    corpus = Corpus.create(folder, CrawlPlan("2020-01..2020-02"), endpoint=endpoint)
    corpus.images_folder.mkdir()
    keep_state(corpus, photos)
    for month in ("2020-01", "2020-02"):
        of_month = [n for n, photo in enumerate(photos) if photo["month"] == month]
        for shard, start in enumerate(range(0, len(of_month), 25)):
            rows = [image_row(n, (images or {}).get(n)) for n in of_month[start : start + 25]]
            table = pa.Table.from_pylist(rows, schema=IMAGES)
            pq.write_table(table, folder / "images" / f"{month}-{shard:05}.parquet")
    pq.write_table(pa.Table.from_pylist(photos, schema=PHOTOS), folder / "photos.parquet")
    pq.write_table(pa.Table.from_pylist(label_rows(), schema=LABELS), folder / "labels.parquet")
    words = {
        name: {"classes": list(classes), "ordinal": name == "iso", "description": f"the {name}"}
        for name, classes in CLASSES.items()
    }
    (folder / "labels.json").write_text(json.dumps({"attributes": words}))
    return folder


def keep_state(corpus: Corpus, photos: list[dict[str, object]]) -> None:
    """Record that a crawl accepted these photos and closed them in shards."""
    with corpus.state() as state, state.transaction():
        for month in ("2020-01", "2020-02"):
            of_month = [photo for photo in photos if photo["month"] == month]
            window = WindowRow(month, 4, f"{month}-01 00:00:00", f"{month}-28 23:59:59", 1,
                               "listed", len(of_month), len(of_month), 0)  # fmt: skip
            state.add_window(window, [candidate(photo) for photo in of_month])
            for photo in of_month:
                state.add_outcome(
                    Outcome(photo["photo_id"], photo["owner_id"], "accepted",
                            exif=RawRecord(source="api", make="Canon"))
                )  # fmt: skip
            for index, start in enumerate(range(0, len(of_month), 25)):
                ids = [photo["photo_id"] for photo in of_month[start : start + 25]]
                shard = ShardRow(shard_name(month, index), month, len(ids), "0" * 64)
                state.close_photos(ids, shard)


def candidate(photo: dict[str, object]) -> CandidateRow:
    return CandidateRow(
        photo_id=photo["photo_id"],
        rank=photo["photo_id"],
        month=photo["month"],
        owner_id=photo["owner_id"],
        owner_name=photo["owner_name"],
        license_id=photo["license_id"],
        taken_at=f"{photo['taken_at']:%Y-%m-%d %H:%M:%S}",
        uploaded_at=int(photo["uploaded_at"].timestamp()),
        page_url=photo["page_url"],
        original_url=None,
        image_url=photo["image_url"],
    )


def image_row(number: int, data: bytes | None) -> dict[str, object]:
    photo_id = FIRST_ID + 7 * number
    data = jpeg(photo_id, orientation=6 if number == 5 else 1) if data is None else data
    return {
        "photo_id": photo_id,
        "image": data,
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": 90,
        "height": 60,
        "mime": "image/jpeg",
    }


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "corpus")


@pytest.fixture(scope="session")
def releases(corpus, tmp_path_factory) -> dict[str, Path]:
    """One release of each kind, for tests that only look."""
    folder = tmp_path_factory.mktemp("releases")
    made = {}
    for kind in ("masked", "images", "metadata"):
        made[kind] = folder / kind
        build(corpus, BuildPlan("1.0.0", kind), out=made[kind])
    return made


@pytest.fixture(scope="session")
def corpus_writer():
    return write_corpus


@pytest.fixture(scope="session")
def rows_of():
    def read(release: Path, config: str, split: str = "") -> pl.DataFrame:
        files = sorted((release / config).glob(f"{split}*.parquet"))
        return pl.concat([pl.read_parquet(file, glob=False) for file in files])

    return read
