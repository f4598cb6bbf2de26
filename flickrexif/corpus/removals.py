"""What a recheck or a takedown changes in the state of a corpus."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from flickrexif.corpus.compact import moment_of, month_name, month_number
from flickrexif.corpus.counts import Counts
from flickrexif.corpus.rows import AcceptedPhoto, Removal
from flickrexif.corpus.waiting import Waiting
from flickrexif.errors import FlickrexifError
from flickrexif.ids import OwnerId, PhotoId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flickrexif.corpus.rows import RemovalKind, ShardRow

_PHOTO = "photo_id, owner_id, license_id, month, taken_at, uploaded_at, checked_at"
_ACCEPTED_PHOTOS = f"""
SELECT {_PHOTO} FROM owners CROSS JOIN candidates USING (owner)
WHERE outcome = 'accepted' AND owner_id > ?2
    AND (?1 IS NULL OR checked_at IS NULL OR checked_at < ?1)
ORDER BY owner_id, photo_id
"""  # noqa: S608 - a constant; CROSS JOIN: owners first, in their order, so nothing is sorted
_ACCEPTED_PHOTO = f"""
SELECT {_PHOTO} FROM candidates JOIN owners USING (owner)
WHERE outcome = 'accepted' AND photo_id = ?
"""  # noqa: S608 - a constant
_TAKEN_DOWN_OWNERS = """
SELECT owner FROM owners JOIN removals ON owner_id = subject WHERE kind = 'owner'
"""
_TAKEN_DOWN_PHOTOS = """
SELECT CAST(subject AS INTEGER) FROM removals WHERE kind = 'photo'
"""
_REMOVED_IDS = f"""
SELECT photo_id FROM candidates WHERE outcome = 'removed'
UNION {_TAKEN_DOWN_PHOTOS}
UNION SELECT photo_id FROM candidates
WHERE month IN (SELECT month FROM tallies) AND owner IN ({_TAKEN_DOWN_OWNERS})
"""  # noqa: S608 - made of the constants above
_REJECT_TAKEN_DOWN = f"""
UPDATE candidates SET outcome = 'rejected', reason = 'taken_down'
WHERE (outcome IS NULL OR outcome = 'failed') AND month = ?
    AND (owner IN ({_TAKEN_DOWN_OWNERS}) OR photo_id IN ({_TAKEN_DOWN_PHOTOS}))
"""  # noqa: S608 - made of the constants above
_UNPURGED = """
SELECT name, photo_id FROM candidates JOIN shards USING (shard)
WHERE outcome = 'removed' ORDER BY name, photo_id
"""
_DUPLICATES = """
SELECT ifnull(sum(photos), 0) FROM (
    SELECT count(*) AS photos FROM candidates
    WHERE outcome = 'accepted' AND sha256 IS NOT NULL
    GROUP BY sha256 HAVING min(owner) < max(owner)
)
"""


class Removals(Counts, Waiting):
    """The part of a `State` that rechecks and takedowns use."""

    def accepted_photos(
        self, *, checked_before: int | None = None, after: str | None = None
    ) -> Iterator[AcceptedPhoto]:
        """The accepted photos by owner, then id; with ``after`` only of the owners behind it.

        With ``checked_before`` (Unix seconds UTC) only those not checked since. It costs what is
        read of it.
        """
        return map(_photo, self._sql.execute(_ACCEPTED_PHOTOS, (checked_before, after or "")))

    def accepted_among(self, photo_ids: Iterable[PhotoId]) -> list[AcceptedPhoto]:
        """Those of these photos that are accepted, in the given order."""
        found = (self._sql.execute(_ACCEPTED_PHOTO, (id_,)).fetchone() for id_ in photo_ids)
        return [_photo(row) for row in found if row is not None]

    def set_checked(self, photo_ids: Iterable[PhotoId], at: int) -> None:
        """Record that these photos were found as they should be, at Unix seconds ``at``."""
        self._sql.executemany(
            "UPDATE candidates SET checked_at = ? WHERE photo_id = ?",
            ((at, photo_id) for photo_id in photo_ids),
        )

    def set_license(self, photo_id: PhotoId, license_id: int) -> None:
        """Record that a photo's licence has changed."""
        self._sql.execute(
            "UPDATE candidates SET license_id = ? WHERE photo_id = ?", (license_id, photo_id)
        )

    def remove(self, photo_ids: Iterable[PhotoId], reason: str) -> None:
        """Take these photos out for good; their EXIF and waiting images are dropped at once.

        No byte of an image is left where it waited once the transaction has ended, and none of the
        EXIF once the file is closed. Images in closed shards stay until `replace_shard`.
        """
        ids = [(photo_id,) for photo_id in photo_ids]
        self._sql.executemany(
            "UPDATE candidates SET outcome = 'removed', reason = ? WHERE photo_id = ?",
            ((reason, photo_id) for (photo_id,) in ids),
        )
        self._sql.executemany("DELETE FROM exif WHERE photo_id = ?", ids)
        self._drop_images(photo_id for (photo_id,) in ids)

    def add_removal(self, removal: Removal) -> None:
        """Record a takedown; one of the same photo or owner, recorded before, stays as it is."""
        self._sql.execute(
            "INSERT INTO removals VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", astuple(removal)
        )

    def drop_removal(self, kind: RemovalKind, subject: str) -> None:
        """Strike a takedown off the list; photos that it removed stay removed."""
        self._sql.execute("DELETE FROM removals WHERE kind = ? AND subject = ?", (kind, subject))

    def removals(self) -> list[Removal]:
        """The takedowns, by kind and subject."""
        found = self._sql.execute(
            "SELECT kind, subject, reason, at, note FROM removals ORDER BY kind, subject"
        )
        return [Removal(*row) for row in found]

    def removed_ids(self) -> set[PhotoId]:
        """Every photo that was removed or that a takedown names, itself or by its owner."""
        return {PhotoId(photo_id) for (photo_id,) in self._sql.execute(_REMOVED_IDS)}

    def reject_taken_down(self, month: str) -> None:
        """Reject a month's undecided and failed candidates that a takedown names."""
        self._sql.execute(_REJECT_TAKEN_DOWN, (month_number(month),))

    def unpurged(self) -> dict[str, list[PhotoId]]:
        """Removed photos whose bytes still stand in a shard, by the shard's name."""
        photos: dict[str, list[PhotoId]] = {}
        for name, photo_id in self._sql.execute(_UNPURGED):
            photos.setdefault(name, []).append(PhotoId(photo_id))
        return photos

    def replace_shard(
        self, old_name: str, shard: ShardRow | None, removed_photo_ids: Iterable[PhotoId]
    ) -> None:
        """Record that a shard was rewritten without these photos, or dropped with its last one.

        Raises `FlickrexifError` when ``shard`` has not as many rows as the state has photos in it.
        """
        self._sql.executemany(
            "UPDATE candidates SET shard = NULL WHERE photo_id = ?",
            ((photo_id,) for photo_id in removed_photo_ids),
        )
        self._insist_on_rows(old_name, 0 if shard is None else shard.rows)
        if shard is None:
            self._sql.execute("DELETE FROM shards WHERE name = ?", (old_name,))
        else:
            self._sql.execute(
                "UPDATE shards SET name = ?, month = ?, rows = ?, checksum = ? WHERE name = ?",
                (*astuple(shard), old_name),
            )

    def _insist_on_rows(self, name: str, rows: int) -> None:
        (number, month) = self._sql.execute(
            "SELECT shard, month FROM shards WHERE name = ?", (name,)
        ).fetchone()
        (left,) = self._sql.execute(
            "SELECT count(*) FROM candidates WHERE month = ? AND shard = ?",
            (month_number(month), number),
        ).fetchone()
        if left != rows:
            raise FlickrexifError(
                f"shard {name!r} would hold {rows} photos, the state knows {left}: "
                "nothing was recorded; report this"
            )

    def duplicates(self) -> int:
        """Accepted photos whose image, byte by byte, is also one of another owner's."""
        (count,) = self._sql.execute(_DUPLICATES).fetchone()
        return int(count)


def _photo(row: tuple[Any, ...]) -> AcceptedPhoto:
    photo_id, owner_id, license_id, month, taken_at, uploaded_at, checked_at = row
    return AcceptedPhoto(
        photo_id=PhotoId(photo_id),
        owner_id=OwnerId(owner_id),
        license_id=license_id,
        month=month_name(month),
        taken_at=None if taken_at is None else moment_of(taken_at),
        uploaded_at=uploaded_at,
        checked_at=checked_at,
    )
