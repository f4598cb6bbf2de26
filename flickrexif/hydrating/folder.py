"""Images as plain files ``{photo_id}.jpg``: the layout that the published scripts read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path
from flickrexif.corpus.images import GROUP_ROWS
from flickrexif.errors import FlickrexifError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from flickrexif.ids import PhotoId


@dataclass(slots=True)
class PlainFolder:
    """The folder ``path``, which holds the images of closed shards once each was given to `take`.

    Each file appears whole or not at all. ``written`` and ``dropped`` count files.
    """

    path: Path
    written: int = 0
    dropped: int = 0

    def take(self, shard: Path) -> None:
        """Write the images of a shard that are not there yet; one with the same SHA-256 stays.

        Another file of that name is replaced. Raises `FlickrexifError` for a damaged shard.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            missing = {id_ for id_, sha256 in _told(shard) if not self._has(id_, sha256)}
            for photo_id, image in _images(shard, missing):
                with atomic_path(self._file(photo_id)) as partial:
                    partial.write_bytes(image)
                self.written += 1
        except pa.ArrowInvalid as error:
            raise FlickrexifError(
                f"shard {str(shard)!r} is damaged ({error}): restore it from a copy"
            ) from error

    def drop(self, photo_ids: Iterable[PhotoId]) -> None:
        """Delete the files of photos that were taken down."""
        for photo_id in photo_ids:
            file = self._file(photo_id)
            if file.is_file():
                file.unlink()
                self.dropped += 1

    def _file(self, photo_id: int) -> Path:
        return self.path / f"{photo_id}.jpg"

    def _has(self, photo_id: int, sha256: str) -> bool:
        try:
            with self._file(photo_id).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False


def _told(shard: Path) -> Iterator[tuple[int, str]]:
    table = pq.read_table(shard, columns=["photo_id", "sha256"])
    return zip(table["photo_id"].to_pylist(), table["sha256"].to_pylist(), strict=True)


def _images(shard: Path, photo_ids: Collection[int]) -> Iterator[tuple[int, bytes]]:
    if not photo_ids:
        return
    wanted = pa.array(sorted(photo_ids), pa.int64())
    with pq.ParquetFile(shard) as file:
        for batch in file.iter_batches(GROUP_ROWS, columns=["photo_id", "image"]):
            some = batch.filter(pc.is_in(batch["photo_id"], wanted))
            for photo_id, image in zip(some["photo_id"], some["image"], strict=True):
                yield photo_id.as_py(), image.as_py()
