"""The one stage of a treatment: some images of a set → a parquet file of what is made of them."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path, write_text
from flickrexif.engine import ShardReport
from flickrexif.errors import UsageError
from flickrexif.imaging.decode import UnreadableImage
from flickrexif.imaging.image_set import read_images
from flickrexif.release.schema import ATTRIBUTION
from flickrexif.release.source import sha256_of
from flickrexif.treating.rows import owner_of, row_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from flickrexif.engine import ShardTask
    from flickrexif.imaging.image_set import SetImage
    from flickrexif.release.schema import Config
    from flickrexif.treating.treatments import Made, Treatment

OK = "ok"
UNFIT = "does not fit"
GROUP_BYTES = 32_000_000
_SUFFIXES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Treat:
    """Stage: places of a set → one parquet file of ``config``, and why images were left out."""

    treatment: Treatment
    config: Config
    about: Mapping[str, Any]
    sheets: Path
    """The folder where it is told which images of a file are not in it."""
    name: str = "images"

    def open(self) -> Treat:
        """The stage is its own worker: it holds nothing heavy."""
        return self

    def sheet(self, task: ShardTask) -> Path:
        """Name → reason of the images that are not in a file."""
        return self.sheets / f"{task.target.name}.json"

    def __call__(self, task: ShardTask) -> ShardReport:
        """Write one file; an unreadable image is told on its sheet, never an exception."""
        began, out = time.monotonic(), _Sheet(self.config)
        places: Any = task.source
        schema = self.config.arrow_schema(self.about)
        plain = {field.name: "SNAPPY" for field in schema if field.name != "image"}
        compression = {"image.bytes": "NONE", "image.path": "SNAPPY"} | plain
        with (
            atomic_path(task.target) as partial,
            pq.ParquetWriter(partial, schema, compression=compression) as writer,
        ):
            for image in read_images(places):
                out.add(self._rows(image, out.left_out))
                if out.size >= GROUP_BYTES:
                    writer.write_table(out.take(schema))
            if out.size:
                writer.write_table(out.take(schema))
        write_text(self.sheet(task), json.dumps(out.left_out, ensure_ascii=False))
        refusals = Counter(reason.split(":")[0] for reason in out.left_out.values())
        counts = {OK: len(places) - refusals.total(), **refusals}
        seconds, sha256 = time.monotonic() - began, sha256_of(task.target)
        return ShardReport(task.index, len(places), out.rows, counts, seconds, sha256)

    def _rows(self, image: SetImage, left_out: dict[str, str]) -> Iterator[Row]:
        try:
            made = list(self.treatment(image.content, image.name))
        except UnreadableImage as error:
            left_out[image.name] = error.reason
            return
        except UsageError as error:  # words that fit other images, such as a patch of 32 px
            left_out[image.name] = f"{UNFIT}: {error}"
            return
        if fault := _fault(made, self.treatment.classes):
            raise ValueError(f"treatment {self.treatment.name!r} made {fault} of {image.name!r}")
        for label, content in made:
            yield _row(image, label, content)


def _fault(made: Sequence[Made], classes: Sequence[str] | None) -> str | None:
    """What no treatment may make of an image, as it would be lost or mislabelled."""
    labels = [label for label, _ in made]
    if not made:
        return "nothing"
    if len(set(labels)) < len(labels):
        return "two images of one class"
    for label, content in made:
        if label not in ((None,) if classes is None else classes):
            return f"an image of class {label!r}, which is none of its own,"
        if _suffix(content) is None:
            return "a file that is neither PNG nor JPEG"
    return None


def _row(image: SetImage, label: str | None, content: bytes) -> Row:
    photo_id = row_id(image.name, label)
    credit = {name: image.place.credit.get(name) for name in ATTRIBUTION}
    return {
        "image": {"bytes": content, "path": f"{photo_id}.{_suffix(content)}"},
        "label": image.label if label is None else label,
        "source_label": image.label,
        "photo_id": photo_id,
        "source": image.name,
        **credit,
        "owner_id": owner_of(image.place),
    }


def _suffix(content: bytes) -> str | None:
    known = (suffix for magic, suffix in _SUFFIXES.items() if content.startswith(magic))
    return next(known, None)


@dataclass(slots=True)
class _Sheet:
    """Rows that wait to be written, and what was told of the others."""

    config: Config
    left_out: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    size: int = 0
    _held: list[Row] = field(default_factory=list)

    def add(self, rows: Iterator[Row]) -> None:
        """Hold these too."""
        for row in rows:
            self._held.append(row)
            self.size += len(row["image"]["bytes"])

    def take(self, schema: pa.Schema) -> pa.Table:
        """All that is held, as a table."""
        held, self._held, self.size = self._held, [], 0
        self.rows += len(held)
        columns = [
            pa.array([_value(row[field.name], self._codes(field.name)) for row in held], field.type)
            for field in schema
        ]
        return pa.Table.from_arrays(columns, schema=schema)

    def _codes(self, name: str) -> Sequence[str]:
        names: Sequence[str] = self.config.features[name].get("names", ())
        return names


def _value(value: Any, names: Sequence[str]) -> Any:
    """A class as its number."""
    return names.index(value) if names and value is not None else value
