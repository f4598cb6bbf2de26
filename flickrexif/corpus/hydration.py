"""What the state of an imported corpus knows of images that are fetched after its photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.corpus.compact import month_name, whole_file
from flickrexif.corpus.counts import Counts
from flickrexif.corpus.waiting import Waiting
from flickrexif.ids import PhotoId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flickrexif.corpus.rows import WaitingImage

FOR_NOW = "failed: "
"""So begins what `Hydration.set_lack` is told of a photo that the next run tries again."""
NO_ADDRESS = "no_address"
"""What it is told of a photo that no request was made for; another run may know where to ask."""

_LACKING = """
outcome = 'accepted' AND shard = 0
    AND NOT EXISTS (SELECT 1 FROM waiting_images WHERE photo_id = candidates.photo_id)
"""
_LACKING_IDS = f"""
SELECT photo_id FROM candidates
WHERE {_LACKING}
    AND (?1 OR reason IS NULL OR reason = ?3 OR substr(reason, 1, length(?2)) = ?2)
ORDER BY month, photo_id
"""  # noqa: S608 - made of a constant
_LACKING_PHOTO = "SELECT photo_id, image, sha256, reason FROM candidates WHERE photo_id = ?"
_LACKS = f"""
SELECT photo_id, image, reason FROM candidates
WHERE {_LACKING} AND reason IS NOT NULL ORDER BY photo_id
"""  # noqa: S608 - made of a constant
_LATE = """
SELECT month, photo_id FROM waiting_images JOIN candidates USING (photo_id)
WHERE outcome = 'accepted' AND shard = 0 ORDER BY month, photo_id
"""


@dataclass(frozen=True, slots=True)
class LackingPhoto:
    """A photo without an image: its address, the SHA-256 (hex) that its file is told to have.

    ``lack`` is why an earlier run brought none.
    """

    photo_id: PhotoId
    image_url: str | None
    sha256: str | None
    lack: str | None


class Hydration(Counts, Waiting):
    """The part of a `State` that `flickrexif.hydrating` uses.

    A photo of an imported corpus is accepted whether it has an image or not: it stands in no shard
    until its image does, also while that waits. Why it has none is its ``reason``.
    """

    def lacking_ids(self, *, retry: bool) -> list[PhotoId]:
        """Photos without an image, by month and id; of those that lack it for good if ``retry``."""
        found = self._sql.execute(_LACKING_IDS, (retry, FOR_NOW, NO_ADDRESS))
        return [PhotoId(photo_id) for (photo_id,) in found]

    def lacking(self, photo_ids: Sequence[PhotoId]) -> list[LackingPhoto]:
        """What is needed to fetch the images of these photos."""
        rows = (self._sql.execute(_LACKING_PHOTO, (id_,)).fetchone() for id_ in photo_ids)
        return [
            LackingPhoto(
                PhotoId(photo_id),
                image and whole_file(image, photo_id),
                None if sha256 is None else sha256.hex(),
                reason,
            )
            for photo_id, image, sha256, reason in rows
        ]

    def tell_sha256(self, photo_id: PhotoId, sha256: str) -> None:
        """Keep what the file of a photo without an image is told to be (SHA-256, hex)."""
        self._sql.execute(
            "UPDATE candidates SET sha256 = ? WHERE photo_id = ?",
            (bytes.fromhex(sha256), photo_id),
        )

    def add_late_image(self, photo_id: PhotoId, image: WaitingImage) -> None:
        """Keep the image of an accepted photo until its shard is closed."""
        self._sql.execute(
            "UPDATE candidates SET sha256 = ?, reason = NULL WHERE photo_id = ?",
            (bytes.fromhex(image.sha256), photo_id),
        )
        self._add_image(photo_id, image)

    def set_lack(self, photo_id: PhotoId, lack: str) -> None:
        """Record why an accepted photo has no image."""
        self._sql.execute("UPDATE candidates SET reason = ? WHERE photo_id = ?", (lack, photo_id))

    def late_images(self) -> dict[str, list[PhotoId]]:
        """The photos whose images wait for their shard, ascending, by month."""
        waiting: dict[str, list[PhotoId]] = {}
        for month, photo_id in self._sql.execute(_LATE):
            waiting.setdefault(month_name(month), []).append(PhotoId(photo_id))
        return waiting

    def lacks(self) -> Iterator[tuple[PhotoId, str | None, str]]:
        """Id, address and reason of the photos whose image was asked for in vain, by id."""
        for photo_id, image, lack in self._sql.execute(_LACKS):
            yield PhotoId(photo_id), image and whole_file(image, photo_id), lack

    def count_images(self) -> tuple[int, int]:
        """How many accepted photos there are, and how many of them have an image."""
        photos, lacking = self._sql.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {_LACKING}) FROM candidates "  # noqa: S608
            "WHERE outcome = 'accepted'"
        ).fetchone()
        return int(photos), int(photos) - int(lacking)
