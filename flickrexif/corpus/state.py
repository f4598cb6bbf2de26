"""What a crawl knows, in an SQLite database that a kill at any moment leaves whole."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from flickrexif.corpus.compact import (
    moment_of,
    month_name,
    month_number,
    seconds_of,
    short_file,
    short_page,
    whole_file,
    whole_page,
)
from flickrexif.corpus.database import damaged
from flickrexif.corpus.hydration import Hydration
from flickrexif.corpus.removals import Removals
from flickrexif.corpus.rows import (
    UNKNOWN_MOMENT,
    UNKNOWN_MONTH,
    CandidateRow,
    Consent,
    OpenPhoto,
    Outcome,
    ShardRow,
    Standing,
    WindowRow,
)
from flickrexif.exif.record import RawRecord
from flickrexif.ids import OwnerId, PhotoId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ADD_OWNER = """
INSERT INTO owners (owner_id, name, page) VALUES (?, ?, ?)
ON CONFLICT (owner_id) DO UPDATE SET
    name = nullif(max(ifnull(name, ''), ifnull(excluded.name, '')), ''),
    page = max(ifnull(page, ''), excluded.page)
WHERE ifnull(excluded.name, '') > ifnull(name, '') OR excluded.page > ifnull(page, '')
"""
_ADD_CANDIDATE = """
INSERT INTO candidates (photo_id, rank, month, owner, license_id, taken_at, uploaded_at, original,
    image, reason, outcome, seen)
VALUES (?1, ?2, ?3, (SELECT owner FROM owners WHERE owner_id = ?4), ?5, ?6, ?7, ?8, ?9, ?10,
    iif(?10 IS NULL, NULL, 'rejected'), ?11)
ON CONFLICT (photo_id) DO UPDATE SET seen = seen | excluded.seen
WHERE month = excluded.month AND seen <> seen | excluded.seen
"""
_STANDINGS = """
SELECT photo_id, owner_id, outcome, outcome = 'rejected' AND reason = 'no_exif'
FROM candidates JOIN owners USING (owner)
WHERE month = ?1 AND (?2 IS NULL OR rank < ?2) ORDER BY rank, photo_id
"""
_OPEN_PHOTO = """
SELECT owner_id, original, image, record
FROM candidates JOIN owners USING (owner) LEFT JOIN exif USING (photo_id) WHERE photo_id = ?
"""
_REJECT_HIDDEN_OF_OWNER = """
UPDATE candidates SET outcome = 'rejected', reason = 'exif_hidden'
WHERE (outcome IS NULL OR outcome = 'failed')
    AND month = (SELECT month FROM candidates WHERE photo_id = ?)
    AND owner = (SELECT owner FROM owners WHERE owner_id = ?)
"""
_REJECT_HIDDEN_OF_MONTH = """
UPDATE candidates SET outcome = 'rejected', reason = 'exif_hidden'
WHERE (outcome IS NULL OR outcome = 'failed') AND month = ?
    AND owner IN (SELECT owner FROM owners WHERE consent = 'hidden')
"""
_ACCEPTED = """
SELECT photo_id, page, owner_id, name, license_id, taken_at, uploaded_at, month, image, source,
    record
FROM candidates NOT INDEXED JOIN owners USING (owner) LEFT JOIN exif USING (photo_id)
WHERE outcome = 'accepted' AND shard IS NOT NULL
"""

NO_SHARD = 0
"""What stands for a shard in a corpus without images."""


class State(Removals, Hydration):
    """Reads and writes ``state.sqlite``; every method that writes belongs in a `transaction`."""

    # Windows and candidates

    def window_rows(self, month: str) -> list[WindowRow]:
        """The finished windows of a month, by pass, licence and first second."""
        found = self._sql.execute(
            "SELECT * FROM windows WHERE month = ? "
            "ORDER BY sweep, license_id, taken_from, taken_to",
            (month,),
        )
        return [WindowRow(*row) for row in found]

    def add_window(self, window: WindowRow, candidates: Iterable[CandidateRow]) -> None:
        """Record a finished window and its candidates, as `add_candidates` does."""
        self._sql.execute(
            "INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(window)
        )
        self.add_candidates(candidates, sweep=window.sweep)

    def add_candidates(self, candidates: Iterable[CandidateRow], *, sweep: int = 1) -> None:
        """Record candidates that a pass has seen.

        Of those known already only that this pass has seen them is new. Of several names or pages
        of an owner the one that sorts last is kept, whatever the order of arrival.
        """
        seen = 1 << (sweep - 1)
        listed = sorted(candidates, key=lambda candidate: candidate.photo_id)
        owners = {
            (row.owner_id, row.owner_name, short_page(row.page_url, row.photo_id)): None
            for row in listed
        }
        self._sql.executemany(_ADD_OWNER, owners)
        self._sql.executemany(_ADD_CANDIDATE, (_columns(row, seen) for row in listed))

    def standings(self, month: str, *, below: int | None = None) -> Iterator[Standing]:
        """The month's candidates in the order of their ranks; only ranks ``below``, when given."""
        found = self._sql.execute(_STANDINGS, (month_number(month), below))
        return (
            Standing(PhotoId(photo), OwnerId(owner), verdict, bool(is_bare))
            for photo, owner, verdict, is_bare in found
        )

    def open_photos(self, photo_ids: Sequence[PhotoId]) -> list[OpenPhoto]:
        """What is needed to evaluate these candidates, in the given order."""
        return [self._open_photo(photo_id) for photo_id in photo_ids]

    def _open_photo(self, photo_id: PhotoId) -> OpenPhoto:
        owner, original, image, record = self._sql.execute(_OPEN_PHOTO, (photo_id,)).fetchone()
        return OpenPhoto(
            photo_id=photo_id,
            owner_id=OwnerId(owner),
            original_url=original and whole_file(original, photo_id),
            image_url=image and whole_file(image, photo_id),
            exif=None if record is None else self._exif(record, photo_id),
        )

    def _exif(self, record: str, photo_id: PhotoId) -> RawRecord:
        try:
            return RawRecord.from_json(record)
        except (ValueError, TypeError) as error:
            raise damaged(self._path, f"EXIF of photo {photo_id}: {error}") from None

    # Outcomes and owners

    def consents(self, owner_ids: Iterable[OwnerId]) -> dict[OwnerId, Consent]:
        """What these owners are known to allow."""
        ask = "SELECT consent FROM owners WHERE owner_id = ? AND consent IS NOT NULL"
        found = ((owner, self._sql.execute(ask, (owner,)).fetchone()) for owner in owner_ids)
        return {owner: row[0] for owner, row in found if row is not None}

    def add_outcome(self, outcome: Outcome) -> None:
        """Record what became of a candidate, its EXIF, its image, and its owner's consent.

        An owner who hides their EXIF loses the month's other undecided candidates at once, those
        of further months by `reject_hidden`.
        """
        image = outcome.image
        self._sql.execute(
            "UPDATE candidates SET outcome = ?, reason = ?, sha256 = ? WHERE photo_id = ?",
            (
                outcome.verdict,
                outcome.reason,
                image and bytes.fromhex(image.sha256),
                outcome.photo_id,
            ),
        )
        self._keep_exif(outcome)
        if image is not None:
            self._add_image(outcome.photo_id, image)
        if outcome.consent is not None:
            self._sql.execute(
                "INSERT INTO owners (owner_id, consent) VALUES (?, ?) "
                "ON CONFLICT (owner_id) DO UPDATE SET consent = excluded.consent",
                (outcome.owner_id, outcome.consent),
            )
        if outcome.consent == "hidden":
            self._sql.execute(_REJECT_HIDDEN_OF_OWNER, (outcome.photo_id, outcome.owner_id))

    def _keep_exif(self, outcome: Outcome) -> None:
        """Accepted photos need it, and failed ones when they come up again."""
        if outcome.exif is None or outcome.verdict == "rejected":
            self._sql.execute("DELETE FROM exif WHERE photo_id = ?", (outcome.photo_id,))
        else:
            self._sql.execute(
                "INSERT OR REPLACE INTO exif VALUES (?, ?, ?)",
                (outcome.photo_id, outcome.exif.source, outcome.exif.to_json()),
            )

    def reject_hidden(self, month: str) -> None:
        """Reject a month's undecided candidates whose owners are known to hide their EXIF."""
        self._sql.execute(_REJECT_HIDDEN_OF_MONTH, (month_number(month),))

    def reopen_failed(self) -> int:
        """Make failed candidates undecided again; how many there were."""
        reopened = self._sql.execute(
            "UPDATE candidates SET outcome = NULL, reason = NULL WHERE outcome = 'failed'"
        )
        return reopened.rowcount

    # Shards and months

    def waiting(self, month: str) -> list[PhotoId]:
        """Accepted photos of a month that are in no shard yet, ascending."""
        found = self._sql.execute(
            "SELECT photo_id FROM candidates WHERE month = ? AND outcome = 'accepted' "
            "AND shard IS NULL ORDER BY photo_id",
            (month_number(month),),
        )
        return [PhotoId(photo_id) for (photo_id,) in found]

    def waiting_count(self) -> int:
        """How many accepted photos, of all months, are in no shard yet."""
        (count,) = self._sql.execute(
            "SELECT count(*) FROM candidates WHERE outcome = 'accepted' AND shard IS NULL"
        ).fetchone()
        return int(count)

    def shards(self) -> list[ShardRow]:
        """The closed shards, by name."""
        found = self._sql.execute("SELECT name, month, rows, checksum FROM shards ORDER BY name")
        return [ShardRow(*row) for row in found]

    def close_photos(self, photo_ids: Iterable[PhotoId], shard: ShardRow | None) -> None:
        """Record that these photos stand in ``shard`` (None without images): none waits."""
        number = NO_SHARD if shard is None else self._add_shard(shard)
        ids = [(photo_id,) for photo_id in photo_ids]
        self._sql.executemany(
            "UPDATE candidates SET shard = ? WHERE photo_id = ?",
            ((number, photo_id) for (photo_id,) in ids),
        )
        self._drop_images(photo_id for (photo_id,) in ids)

    def _add_shard(self, shard: ShardRow) -> int:
        (number,) = self._sql.execute(
            "INSERT INTO shards (name, month, rows, checksum) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET rows = excluded.rows, checksum = excluded.checksum "
            "RETURNING shard",
            astuple(shard),
        ).fetchone()
        return int(number)

    def settled_months(self) -> set[str]:
        """The months with nothing left to do."""
        return {month for (month,) in self._sql.execute("SELECT month FROM settled_months")}

    def settle_month(self, month: str) -> None:
        """Record that a month has nothing left to do, unless a candidate of it failed."""
        self._sql.execute(
            "INSERT OR IGNORE INTO settled_months SELECT ?1 WHERE NOT EXISTS "
            "(SELECT 1 FROM candidates WHERE month = ?2 AND outcome = 'failed')",
            (month, month_number(month)),
        )

    # What readers ask for

    def accepted(self) -> Iterator[tuple[object, ...]]:
        """The accepted photos that are closed, unsorted, in the columns of `Corpus.accepted`."""
        for photo_id, page, owner_id, name, license_id, taken_at, *rest in self._sql.execute(
            _ACCEPTED
        ):
            uploaded_at, month, image, source, record = rest
            yield (
                photo_id,
                whole_page(page, photo_id),
                owner_id,
                name,
                license_id,
                None if taken_at is None else moment_of(taken_at),
                None if uploaded_at == UNKNOWN_MOMENT else uploaded_at,
                None if month_name(month) == UNKNOWN_MONTH else month_name(month),
                image and whole_file(image, photo_id),
                source,
                record,
            )


def _columns(row: CandidateRow, seen: int) -> tuple[object, ...]:
    """A candidate as ``_ADD_CANDIDATE`` takes it."""
    return (
        row.photo_id,
        row.rank,
        month_number(row.month),
        row.owner_id,
        row.license_id,
        None if row.taken_at is None else seconds_of(row.taken_at),
        row.uploaded_at,
        None if row.original_url is None else short_file(row.original_url, row.photo_id),
        None if row.image_url is None else short_file(row.image_url, row.photo_id),
        row.reason,
        seen,
    )
