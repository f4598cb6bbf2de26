"""Small split files in the published form, and the table of photos that goes with them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from flickrexif.labels.attributes import attribute
from flickrexif.labels.published import file_name, splits_of, write_splits

SPLITS = ("train", "validation", "test")
SIZES = {"train": 6, "validation": 2, "test": 4}
FIRST_ID = 50_000_000_000
COLUMNS = (
    "Flickr ID", "url", "owner", "Make", "Model", "Exposure", "Aperture", "ISO Speed",
    "Focal Length",
)  # fmt: skip


@dataclass(frozen=True)
class Published:
    """A folder of split files and the rows of the table, as dicts."""

    folder: object
    rows: list

    def table(self, path, rows=None):
        """Write the table to ``path``, in the form that its name tells."""
        frame = pl.DataFrame(self.rows if rows is None else rows)
        write = {".csv": frame.write_csv, ".jsonl": frame.write_ndjson}
        write.get(path.suffix, frame.write_parquet)(path)
        return path


def publish(folder):
    """Sound splits of Make and Exposure: every owner has two photos of each class in one split."""
    folder.mkdir()
    labels, rows = [], []
    for name, classes in (("make", ("Canon", "NIKON")), ("exposure", ("1/100", "1/60", "1/1000"))):
        ids = iter(range(FIRST_ID, FIRST_ID + 10_000_000, 5_000))
        for split in SPLITS:
            for label in classes * SIZES[split]:
                labels.append((name, next(ids), label, split))
    table = pl.DataFrame(labels, schema=["attribute", "photo_id", "label", "split"], orient="row")
    for name in ("make", "exposure"):
        write_splits(folder / file_name(attribute(name)), splits_of(table, attribute(name)))
    by_photo = {}
    for name, photo_id, label, split in labels:
        by_photo.setdefault(photo_id, {})[name] = (label, split)
    for number, (photo_id, told) in enumerate(sorted(by_photo.items())):
        splits = "-".join(split for _, split in told.values())
        make = told.get("make", ("Canon",))[0]
        rows.append(
            row_of(photo_id, owner=f"{splits}{number % 3}@N00",
                   Make="NIKON CORPORATION" if make == "NIKON" else make,
                   Exposure=told.get("exposure", ("1/60",))[0])
        )  # fmt: skip
    return Published(folder, rows)


def row_of(photo_id, **columns):
    return {
        "Flickr ID": photo_id,
        "url": f"https://live.staticflickr.com/65535/{photo_id}_0a1b2c3d4e_b.jpg",
        "owner": "1@N00",
        "Make": "Canon",
        "Model": "Canon EOS 40D",
        "Exposure": "1/60",
        "Aperture": "5.6",
        "ISO Speed": "100",
        "Focal Length": "50.0 mm",
    } | columns


def change(folder, name, **keys):
    """Change keys of one of the split files; a function changes what stands there."""
    path = folder / file_name(attribute(name))
    told = json.loads(path.read_text())
    for key, value in keys.items():
        told[key] = value(told[key]) if callable(value) else value
    path.write_text(json.dumps(told))
    return told
