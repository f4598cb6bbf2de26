"""The two stages of a build: make each photo's image once, then assemble files of rows.

The images go into Arrow IPC files in the work directory: memory-mapped, they give any photo's bytes
without reading its neighbours, so that memory is bounded by a row group and not by the release.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL import Image

from flickrexif.atomic import atomic_path
from flickrexif.engine import ShardReport
from flickrexif.imaging import UnreadableImage, apply, decode_rgb, resize_and_crop, strip_metadata
from flickrexif.imaging.strip import PNG_SIGNATURE
from flickrexif.release.source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.engine import ShardTask
    from flickrexif.release.plan import BuildPlan
    from flickrexif.release.schema import Config

MADE = pa.schema([("photo_id", pa.int64()), ("image", pa.large_binary()), ("reason", pa.string())])
"""A made image, or null and the reason why there is none."""

PNG_LEVEL = 6
IMAGE_GROUP_ROWS = 100
IMAGE_GROUP_BYTES = 32_000_000
PLAIN_GROUP_ROWS = 10_000
_OPEN_FILES = 64


@dataclass(frozen=True, slots=True)
class CorpusShard:
    """An image shard of a corpus, and the photos of it that the release uses."""

    path: Path
    photo_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class MakeImages:
    """Stage: corpus images → images as the release shows them."""

    plan: BuildPlan
    name: str = "images"

    def open(self) -> MakeImages:
        """The stage is its own worker: it holds nothing heavy."""
        return self

    def __call__(self, task: ShardTask) -> ShardReport:
        """Write the images of one corpus shard; an unreadable photo is a row with a reason."""
        began, counts = time.monotonic(), Counter[str]()
        with atomic_path(task.target) as partial, pa.ipc.new_file(partial, MADE) as writer:
            for rows in self._batches(task.source):
                counts.update(reason or "ok" for _, _, reason in rows)
                photo_ids, images, reasons = map(list, zip(*rows, strict=True))
                columns = [photo_ids, _side_by_side(images), reasons]
                writer.write_batch(pa.record_batch(columns, schema=MADE))
        seconds = time.monotonic() - began
        return ShardReport(task.index, counts.total(), counts["ok"], dict(counts), seconds)

    def _batches(self, shard: Any) -> Iterator[list[tuple[int, bytes | None, str | None]]]:
        columns = ["photo_id", "image", "sha256"]
        with pq.ParquetFile(shard.path) as parquet:
            # Not by iter_batches, which holds all of a shard's images in memory.
            for number in range(parquet.num_row_groups):
                group = parquet.read_row_group(number, columns=columns, use_threads=False)
                rows = [
                    (photo_id, *self._attempt(photo_id, image, sha256))
                    for photo_id, image, sha256 in zip(*group.to_pydict().values(), strict=True)
                    if photo_id in shard.photo_ids
                ]
                if rows:
                    yield rows

    def _attempt(self, photo_id: int, data: bytes, sha256: str) -> tuple[bytes | None, str | None]:
        if hashlib.sha256(data).hexdigest() != sha256:
            return None, "the bytes in the corpus do not match their sha256"
        try:
            return self.image(photo_id, data), None
        except UnreadableImage as error:
            return None, error.reason

    def image(self, photo_id: int, data: bytes) -> bytes:
        """The image of one photo, from its bytes as fetched."""
        if self.plan.kind == "images":
            # Whoever fetched these very bytes decoded them (`flickrexif.flickr.jpeg.inspect_jpeg`),
            # and `verify` will: here it would be nearly all of the work.
            return strip_metadata(data)
        cropped = resize_and_crop(decode_rgb(data), self.plan.crop, self.plan.interpolation)
        buffer = io.BytesIO()
        masked = Image.fromarray(apply(np.asarray(cropped), self.plan.mask, photo_id))
        masked.save(buffer, "PNG", compress_level=PNG_LEVEL)
        return buffer.getvalue()


def _side_by_side(images: list[bytes | None]) -> pa.LargeBinaryArray:
    """``images`` as Arrow has them, copied once; `pyarrow.array` copies whenever it must grow."""
    ends = accumulate((len(image or b"") for image in images), initial=0)
    is_there = pa.array([image is not None for image in images]).buffers()[1]
    content = pa.py_buffer(b"".join(filter(None, images)))
    buffers = [is_there, pa.array(ends, pa.int64()).buffers()[1], content]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(images), buffers)


@dataclass(frozen=True, slots=True)
class RowSlice:
    """A slice of the rows table at ``path``: what one file of ``config`` will hold."""

    config: Config
    path: Path
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Assemble:
    """Stage: a slice of rows → one parquet file, image bytes taken from ``made``."""

    made: tuple[Path, ...]
    about: dict[str, Any]
    name: str = "files"

    def open(self) -> AssembleWorker:
        """A worker that keeps some of the image files mapped."""
        return AssembleWorker(self)


class AssembleWorker:
    """Writes one parquet file after the other."""

    def __init__(self, stage: Assemble) -> None:
        self._stage = stage
        self._images = lru_cache(_OPEN_FILES)(lambda made: MadeImages(stage.made[made]))

    def __call__(self, task: ShardTask) -> ShardReport:
        """Write one file, row group by row group."""
        began = time.monotonic()
        rows: Any = task.source
        schema = rows.config.arrow_schema(self._stage.about)
        with pa.memory_map(str(rows.path)) as source:
            table = pa.ipc.open_file(source).read_all().slice(rows.start, rows.stop - rows.start)
            with atomic_path(task.target) as partial, release_writer(partial, schema) as writer:
                for group in self._groups(table, rows.config):
                    writer.write_table(self._filled(group, schema), row_group_size=len(group))
        seconds, sha256 = time.monotonic() - began, sha256_of(task.target)
        return ShardReport(task.index, len(table), len(table), {}, seconds, sha256)

    def _groups(self, table: pa.Table, config: Config) -> Iterator[pa.Table]:
        if not config.has_image:
            for start in range(0, len(table), PLAIN_GROUP_ROWS):
                yield table.slice(start, PLAIN_GROUP_ROWS)
            return
        start, held = 0, 0
        for row, size in enumerate(table["image_bytes"].to_pylist()):
            if row > start and (row - start == IMAGE_GROUP_ROWS or held + size > IMAGE_GROUP_BYTES):
                yield table.slice(start, row - start)
                start, held = row, 0
            held += size
        if start < len(table):
            yield table.slice(start)

    def _filled(self, group: pa.Table, schema: pa.Schema) -> pa.Table:
        columns = {name: group[name] for name in schema.names if name != "image"}
        if "image" in schema.names:
            columns["image"] = self._shown(group)
        ordered = [columns[name].cast(schema.field(name).type) for name in schema.names]
        return pa.Table.from_arrays(ordered, schema=schema)

    def _shown(self, group: pa.Table) -> pa.StructArray:
        """The images of some rows with the names of their files; bytes are copied once."""
        files = [self._images(made) for made in group["made"].to_pylist()]
        places = zip(files, group["place"].to_pylist(), strict=True)
        images = pa.concat_arrays([file.image(place) for file, place in places])
        for file in set(files):
            file.forget_pages()
        endings = pc.if_else(pc.starts_with(images, PNG_SIGNATURE), ".png", ".jpg")
        photo_ids = group["photo_id"].cast(pa.string()).combine_chunks()
        names = pc.binary_join_element_wise(photo_ids, endings, "")
        return pa.StructArray.from_arrays([images.cast(pa.binary()), names], ["bytes", "path"])


class MadeImages:
    """A file of made images, mapped: any of them can be had without reading its neighbours."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        reader = pa.BufferReader(pa.py_buffer(self._map))
        self._chunks = pa.ipc.open_file(reader).read_all()["image"]

    def image(self, place: int) -> pa.LargeBinaryArray:
        """The image of row ``place``, as an array of one."""
        return self._chunks.slice(place, 1).chunk(0)

    def forget_pages(self) -> None:
        """Count what was read no longer among this process's memory; it stays in the file."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


def release_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Image bytes plain and uncompressed, all else snappy with dictionaries, page index on.

    There are no statistics of image bytes, which would compare each with the least and the
    greatest, and are too long to be kept.
    """
    plain = [name for name in schema.names if name != "image"]
    images = {"image.bytes": "NONE", "image.path": "SNAPPY"} if "image" in schema.names else {}
    return pq.ParquetWriter(
        path,
        schema,
        compression=dict.fromkeys(plain, "SNAPPY") | images,
        use_dictionary=plain,
        write_statistics=[*plain, *(name for name in images if name != "image.bytes")],
        write_page_index=True,
        use_content_defined_chunking=False,
    )
