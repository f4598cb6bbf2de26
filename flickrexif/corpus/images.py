"""Shards of images: closed once, never changed, the same bytes for the same photos."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path
from flickrexif.corpus.rows import ShardRow, WaitingImage
from flickrexif.corpus.schema import IMAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from flickrexif.ids import PhotoId

SHARD_ROWS = 500
GROUP_ROWS = 50
"""Rows of a row group: what a reader must hold in memory at once."""


_LAYOUT = {
    "compression": {name: "NONE" if name == "image" else "SNAPPY" for name in IMAGES.names},
    "use_dictionary": ["mime"],
    "write_statistics": ["photo_id"],
}  # JPEGs do not get smaller, and statistics of a binary column would repeat whole images


def shard_name(month: str, index: int) -> str:
    """The file name of a month's shard."""
    return f"{month}-{index:05}.parquet"


def write_shard(
    path: Path, photo_ids: Sequence[PhotoId], image_of: Callable[[PhotoId], WaitingImage]
) -> ShardRow:
    """Write ``photo_ids`` (ascending) with their images to ``path``, atomically."""
    with atomic_path(path) as partial, pq.ParquetWriter(partial, IMAGES, **_LAYOUT) as writer:
        for group in groups(photo_ids, GROUP_ROWS):
            rows = [_row(photo_id, image_of(photo_id)) for photo_id in group]
            writer.write_table(pa.Table.from_pylist(rows, schema=IMAGES))
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return ShardRow(path.name, path.name[:7], len(photo_ids), sha256)


def groups(photo_ids: Sequence[PhotoId], size: int) -> Iterator[Sequence[PhotoId]]:
    """``photo_ids`` in runs of ``size``, the last one shorter."""
    return (photo_ids[start : start + size] for start in range(0, len(photo_ids), size))


def _row(photo_id: PhotoId, image: WaitingImage) -> dict[str, object]:
    return {
        "photo_id": photo_id,
        "image": image.content,
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
        "mime": image.mime,
    }
