"""Shards of images: closed once, only ever rewritten without photos that had to leave.

The same photos give the same bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from flickrexif.atomic import atomic_path
from flickrexif.corpus.rows import ImageRun, ShardRow
from flickrexif.corpus.schema import IMAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from flickrexif.ids import PhotoId

SHARD_ROWS = 500
GROUP_ROWS = 10
"""Rows of a row group: what a writer and a reader must hold in memory at once."""


_LAYOUT = {
    "compression": {name: "NONE" if name == "image" else "SNAPPY" for name in IMAGES.names},
    "use_dictionary": ["mime"],
    "write_statistics": ["photo_id"],
    "write_batch_size": 1,
    "data_page_size": 65_536,
}
"""JPEGs do not get smaller, and statistics of a binary column would repeat whole images. A page for
each image, as these sizes make, is written in a third of the time of one that grows."""


def shard_name(month: str, index: int) -> str:
    """The file name of a month's shard."""
    return f"{month}-{index:05}.parquet"


def shard_index(name: str) -> int:
    """The index in `shard_name`; a month's need not be consecutive, as shards may be dropped."""
    return int(name.removesuffix(".parquet").rpartition("-")[2])


def write_shard(
    path: Path, photo_ids: Sequence[PhotoId], images_of: Callable[[Sequence[PhotoId]], ImageRun]
) -> ShardRow:
    """Write ``photo_ids`` (ascending) with their images to ``path``, atomically.

    ``images_of`` is asked for `GROUP_ROWS` photos at a time.
    """
    with atomic_path(path) as partial, pq.ParquetWriter(partial, IMAGES, **_LAYOUT) as writer:
        for group in groups(photo_ids, GROUP_ROWS):
            writer.write_table(_table(group, images_of(group)))
    return _described(path, len(photo_ids))


def rewrite_shard(path: Path, *, without: Collection[PhotoId]) -> ShardRow | None:
    """Write the shard at ``path`` anew without some photos, atomically; None when none is left.

    The bytes are those that `write_shard` gives for the others. An empty or missing shard is left
    as it is: the caller deletes what it no longer needs.
    """
    if not path.exists():
        return None
    rows = 0
    with (
        pq.ParquetFile(path) as old,
        atomic_path(path) as partial,
        pq.ParquetWriter(partial, IMAGES, **_LAYOUT) as writer,
    ):
        for group in _regrouped(_kept(old, without)):
            writer.write_table(group)
            rows += len(group)
    return _described(path, rows) if rows else None


def _kept(old: pq.ParquetFile, without: Collection[PhotoId]) -> Iterator[pa.Table]:
    gone = pa.array(sorted(without), pa.int64())
    for batch in old.iter_batches(GROUP_ROWS):
        table = pa.Table.from_batches([batch], schema=IMAGES)
        yield table.filter(pc.invert(pc.is_in(table["photo_id"], gone)))


def _regrouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of ``tables`` in tables of `GROUP_ROWS`, the last one shorter."""
    held = IMAGES.empty_table()
    for table in tables:
        held = pa.concat_tables([held, table])
        while len(held) >= GROUP_ROWS:
            yield held.slice(0, GROUP_ROWS).combine_chunks()
            held = held.slice(GROUP_ROWS)
    if len(held):
        yield held.combine_chunks()


def _described(path: Path, rows: int) -> ShardRow:
    return ShardRow(path.name, path.name[:7], rows, checksum_of(path))


def checksum_of(path: Path) -> str:
    """The XXH3 of a file, 128 bits in hex.

    It finds damage as SHA-256 does, in a thirtieth of the time. Against forgery it is no help, nor
    meant to be: each image has its SHA-256 in the shard.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()


def groups(photo_ids: Sequence[PhotoId], size: int) -> Iterator[Sequence[PhotoId]]:
    """``photo_ids`` in runs of ``size``, the last one shorter."""
    return (photo_ids[start : start + size] for start in range(0, len(photo_ids), size))


def _table(photo_ids: Sequence[PhotoId], images: ImageRun) -> pa.Table:
    """Rows as `schema.IMAGES` has them, over the very bytes of ``images``."""
    ends = pa.array([0, *images.ends], pa.int64())
    content = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(photo_ids), [None, ends.buffers()[1], pa.py_buffer(images.content)]
    )
    told = (photo_ids, content, images.sha256, images.width, images.height, images.mime)
    return pa.Table.from_arrays(list(map(pa.array, told, IMAGES.types)), schema=IMAGES)
