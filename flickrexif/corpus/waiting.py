"""Images that wait for their shard: their bytes in a file, their places in the state."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING

import pyarrow as pa
import xxhash

from flickrexif.corpus.database import Database
from flickrexif.corpus.rows import ImageRun
from flickrexif.corpus.staging import Staging
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from flickrexif.corpus.rows import WaitingImage
    from flickrexif.ids import PhotoId

log = logging.getLogger("flickrexif")

_LOOK_AGAIN = """
UPDATE candidates SET outcome = NULL, reason = NULL, sha256 = NULL, checked_at = NULL
WHERE photo_id = ? AND shard IS NULL
"""
_PLACE = """
SELECT start, length, checksum, sha256, width, height, mime
FROM waiting_images JOIN candidates USING (photo_id) WHERE photo_id = ?
"""


def waiting_path(path: Path) -> Path:
    """Where the images wait that the state at ``path`` names."""
    return path.with_name(f"{path.name}-images")


class Waiting(Database):
    """The part of a `State` that holds images until their shard is closed.

    Their bytes are durable before the commit that names them, so a kill leaves bytes that nobody
    names at most: they are cut off, or wiped, by the next opening for writing. That also compares
    every image with its checksum. Photos whose image is lost or another one are undecided again,
    which costs a request each: their EXIF is kept, and what becomes of a photo does not depend on
    when it is looked at. An imported photo stays accepted: it is there without its image, too.
    """

    def _open(self, path: Path, words: str, *, is_read_only: bool, is_thorough: bool) -> None:
        self._staging = Staging(waiting_path(path), is_read_only=is_read_only)
        self._dropped: list[tuple[int, int]] = []
        super()._open(path, words, is_read_only=is_read_only, is_thorough=is_thorough)

    def _prepare(self) -> None:
        super()._prepare()
        places = self._sql.execute(
            "SELECT start, length, photo_id, checksum FROM waiting_images ORDER BY start"
        ).fetchall()
        self._staging.cut(max((start + length for start, length, *_ in places), default=0))
        self._staging.wipe(_gaps([(start, length) for start, length, *_ in places]))
        lost = [
            photo_id
            for start, length, photo_id, checksum in places
            if xxhash.xxh3_128_digest(self._staging.read(start, length)) != checksum
        ]
        if lost:
            self._look_again(lost)

    def _look_again(self, photo_ids: Sequence[PhotoId]) -> None:
        log.warning(
            "%s: %d images that waited for their shard are lost or damaged, "
            "their photos are looked at again",
            self._staging.path,
            len(photo_ids),
        )
        with self.transaction():
            self._sql.executemany(_LOOK_AGAIN, ((photo_id,) for photo_id in photo_ids))
            self._drop_images(photo_ids)

    def close(self, *, is_sound: bool = True) -> None:
        """Close the file, fold its log into it and seal it; without a seal when it is unsound."""
        was_open = self._is_open
        super().close(is_sound=is_sound)
        if was_open:
            self._staging.close(is_sound=is_sound)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside happens durably at the end, or not at all."""
        try:
            with super().transaction():
                yield
                self._staging.sync()
        except BaseException:
            self._dropped.clear()
            self._staging.drop()
            raise
        self._staging.keep()
        self._wipe_dropped()

    def _wipe_dropped(self) -> None:
        dropped, self._dropped = self._dropped, []
        if not dropped:
            return
        if self._sql.execute("SELECT 1 FROM waiting_images LIMIT 1").fetchone():
            self._staging.wipe(dropped)
        else:
            self._staging.cut(0)

    def _add_image(self, photo_id: PhotoId, image: WaitingImage) -> None:
        self._drop_images([photo_id])
        self._sql.execute(
            "INSERT INTO waiting_images VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                photo_id,
                self._staging.append(image.content),
                len(image.content),
                xxhash.xxh3_128_digest(image.content),
                image.width,
                image.height,
                image.mime,
            ),
        )

    def _drop_images(self, photo_ids: Iterable[PhotoId]) -> None:
        for photo_id in photo_ids:
            self._dropped += self._sql.execute(
                "DELETE FROM waiting_images WHERE photo_id = ? RETURNING start, length",
                (photo_id,),
            ).fetchall()

    def images(self, photo_ids: Sequence[PhotoId]) -> ImageRun:
        """The waiting images of accepted photos.

        Raises `UsageError` when one has been damaged since the state was opened.
        """
        found = [self._sql.execute(_PLACE, (photo_id,)).fetchone() for photo_id in photo_ids]
        starts, lengths, checksums, sha256, *told = zip(*found, strict=True)
        ends = list(accumulate(lengths))
        content = pa.allocate_buffer(ends[-1])  # its pool keeps pages that malloc gives back
        with memoryview(content).cast("B") as whole:
            for n, photo_id in enumerate(photo_ids):
                part = whole[ends[n] - lengths[n] : ends[n]]
                self._staging.read_into(part, starts[n])
                if xxhash.xxh3_128_digest(part) != checksums[n]:
                    raise self._damaged(photo_id)
        return ImageRun(content, ends, [one.hex() for one in sha256], *told)

    def _damaged(self, photo_id: PhotoId) -> UsageError:
        return UsageError(
            f"{str(self._staging.path)!r} is damaged (the image of photo {photo_id} is another "
            "one): run the same command, and the photo is looked at again"
        )


def _gaps(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What lies before and between ``places``, which stand in order; all by start and length."""
    reached = 0
    for start, length in places:
        if start > reached:
            yield reached, start - reached
        reached = max(reached, start + length)
