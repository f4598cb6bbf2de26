"""The one mutable file of a corpus: an SQLite database that a kill at any moment leaves whole."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import astuple
from typing import TYPE_CHECKING

from flickrexif.corpus.rows import (
    CandidateRow,
    Consent,
    OpenPhoto,
    Outcome,
    ShardRow,
    Standing,
    WaitingImage,
    WindowOutcome,
    WindowRow,
)
from flickrexif.exif.record import RawRecord
from flickrexif.flickr.budget import BucketState
from flickrexif.ids import OwnerId, PhotoId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS windows (
    month TEXT NOT NULL, license_id INTEGER NOT NULL,
    taken_from TEXT NOT NULL, taken_to TEXT NOT NULL,
    outcome TEXT NOT NULL, told_total INTEGER NOT NULL,
    rows INTEGER NOT NULL, strays INTEGER NOT NULL,
    PRIMARY KEY (month, license_id, taken_from, taken_to)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS candidates (
    photo_id INTEGER PRIMARY KEY, rank INTEGER NOT NULL, month TEXT NOT NULL,
    owner_id TEXT NOT NULL, owner_name TEXT, license_id INTEGER NOT NULL,
    taken_at TEXT, uploaded_at INTEGER NOT NULL, page_url TEXT NOT NULL,
    original_url TEXT, image_url TEXT,
    outcome TEXT, reason TEXT, exif_source TEXT, raw_exif TEXT, shard TEXT
);
CREATE INDEX IF NOT EXISTS candidates_by_rank ON candidates (month, rank, photo_id);
CREATE INDEX IF NOT EXISTS candidates_by_owner ON candidates (owner_id);
CREATE TABLE IF NOT EXISTS owners (owner_id TEXT PRIMARY KEY, consent TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS waiting_images (
    photo_id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL, mime TEXT NOT NULL, content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS shards (
    name TEXT PRIMARY KEY, month TEXT NOT NULL, rows INTEGER NOT NULL, sha256 TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS settled_months (month TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS budgets (
    name TEXT PRIMARY KEY, tokens REAL NOT NULL, filled_at REAL NOT NULL, slowdown REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS calls (cause TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""

_ACCEPTED = """
SELECT photo_id, page_url, owner_id, owner_name, license_id, taken_at, uploaded_at, month,
       image_url, exif_source, raw_exif
FROM candidates WHERE outcome = 'accepted' AND shard IS NOT NULL ORDER BY photo_id
"""

_REJECT_HIDDEN_OF_OWNER = """
UPDATE candidates SET outcome = 'rejected', reason = 'exif_hidden'
WHERE (outcome IS NULL OR outcome = 'failed') AND owner_id = ?
"""
_REJECT_HIDDEN_OF_MONTH = """
UPDATE candidates SET outcome = 'rejected', reason = 'exif_hidden'
WHERE (outcome IS NULL OR outcome = 'failed') AND month = ?
    AND owner_id IN (SELECT owner_id FROM owners WHERE consent = 'hidden')
"""

NO_SHARD = ""
"""What stands for a shard in a corpus without images."""


class State:
    """Reads and writes ``state.sqlite``; every method that writes belongs in a `transaction`."""

    def __init__(self, path: Path) -> None:
        self._sql = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=30.0
        )
        for setting in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
            self._sql.execute(f"PRAGMA {setting}")
        self._sql.executescript(_TABLES)

    def close(self) -> None:
        """Close the file; SQLite then folds the log into it."""
        self._sql.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside happens durably at the end, or not at all."""
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    # Windows and candidates

    def windows(self, month: str) -> dict[tuple[int, str, str], WindowOutcome]:
        """The finished windows of a month, by licence, first and last second."""
        found = self._sql.execute(
            "SELECT license_id, taken_from, taken_to, outcome FROM windows WHERE month = ?",
            (month,),
        )
        return {(license_id, first, last): outcome for license_id, first, last, outcome in found}

    def add_window(self, window: WindowRow, candidates: Iterable[CandidateRow]) -> None:
        """Record a finished window and its candidates; those known already stay as they are."""
        self._sql.execute(
            "INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(window)
        )
        self._sql.executemany(
            """
            INSERT INTO candidates (photo_id, rank, month, owner_id, owner_name,
                license_id, taken_at, uploaded_at, page_url, original_url, image_url, reason,
                outcome)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
                CASE WHEN ?12 IS NULL THEN NULL ELSE 'rejected' END)
            ON CONFLICT (photo_id) DO NOTHING
            """,
            (astuple(candidate) for candidate in candidates),
        )

    def standings(self, month: str) -> Iterator[Standing]:
        """The month's candidates in the order of their ranks."""
        found = self._sql.execute(
            "SELECT photo_id, owner_id, outcome FROM candidates WHERE month = ? "
            "ORDER BY rank, photo_id",
            (month,),
        )
        return (
            Standing(PhotoId(photo), OwnerId(owner), verdict) for photo, owner, verdict in found
        )

    def open_photos(self, photo_ids: Sequence[PhotoId]) -> list[OpenPhoto]:
        """What is needed to evaluate these candidates, in the given order."""
        return [self._open_photo(photo_id) for photo_id in photo_ids]

    def _open_photo(self, photo_id: PhotoId) -> OpenPhoto:
        owner, original, image, raw = self._sql.execute(
            "SELECT owner_id, original_url, image_url, raw_exif FROM candidates WHERE photo_id = ?",
            (photo_id,),
        ).fetchone()
        exif = None if raw is None else RawRecord.from_json(raw)
        return OpenPhoto(photo_id, OwnerId(owner), original, image, exif)

    # Outcomes and owners

    def consents(self, owner_ids: Iterable[OwnerId]) -> dict[OwnerId, Consent]:
        """What these owners are known to allow."""
        ask = "SELECT consent FROM owners WHERE owner_id = ?"
        found = ((owner, self._sql.execute(ask, (owner,)).fetchone()) for owner in owner_ids)
        return {owner: row[0] for owner, row in found if row is not None}

    def add_outcome(self, outcome: Outcome) -> None:
        """Record what became of a candidate, its EXIF, its image, and its owner's consent."""
        exif = outcome.exif
        self._sql.execute(
            "UPDATE candidates SET outcome = ?, reason = ?, exif_source = ?, raw_exif = ? "
            "WHERE photo_id = ?",
            (
                outcome.verdict,
                outcome.reason,
                exif and exif.source,
                exif and exif.to_json(),
                outcome.photo_id,
            ),
        )
        if outcome.image is not None:
            image = outcome.image
            self._sql.execute(
                "INSERT OR REPLACE INTO waiting_images VALUES (?, ?, ?, ?, ?, ?)",
                (
                    outcome.photo_id,
                    image.sha256,
                    image.width,
                    image.height,
                    image.mime,
                    image.content,
                ),
            )
        if outcome.consent is not None:
            self._sql.execute(
                "INSERT OR REPLACE INTO owners VALUES (?, ?)", (outcome.owner_id, outcome.consent)
            )
        if outcome.consent == "hidden":
            self._sql.execute(_REJECT_HIDDEN_OF_OWNER, (outcome.owner_id,))

    def reject_hidden(self, month: str) -> None:
        """Reject a month's undecided candidates whose owners are known to hide their EXIF."""
        self._sql.execute(_REJECT_HIDDEN_OF_MONTH, (month,))

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
            (month,),
        )
        return [PhotoId(photo_id) for (photo_id,) in found]

    def image(self, photo_id: PhotoId) -> WaitingImage:
        """The waiting image of an accepted photo."""
        sha256, width, height, mime, content = self._sql.execute(
            "SELECT sha256, width, height, mime, content FROM waiting_images WHERE photo_id = ?",
            (photo_id,),
        ).fetchone()
        return WaitingImage(content, sha256, width, height, mime)

    def shards(self) -> list[ShardRow]:
        """The closed shards, by name."""
        found = self._sql.execute("SELECT name, month, rows, sha256 FROM shards ORDER BY name")
        return [ShardRow(*row) for row in found]

    def close_photos(self, photo_ids: Iterable[PhotoId], shard: ShardRow | None) -> None:
        """Record that these photos stand in ``shard`` (None without images); drop their blobs."""
        name = NO_SHARD if shard is None else shard.name
        ids = [(photo_id,) for photo_id in photo_ids]
        if shard is not None:
            self._sql.execute("INSERT OR REPLACE INTO shards VALUES (?, ?, ?, ?)", astuple(shard))
        self._sql.executemany(
            "UPDATE candidates SET shard = ? WHERE photo_id = ?",
            ((name, photo_id) for (photo_id,) in ids),
        )
        self._sql.executemany("DELETE FROM waiting_images WHERE photo_id = ?", ids)

    def settled_months(self) -> set[str]:
        """The months with nothing left to do."""
        return {month for (month,) in self._sql.execute("SELECT month FROM settled_months")}

    def settle_month(self, month: str) -> None:
        """Record that a month has nothing left to do, unless a candidate of it failed."""
        self._sql.execute(
            "INSERT OR IGNORE INTO settled_months SELECT ?1 WHERE NOT EXISTS "
            "(SELECT 1 FROM candidates WHERE month = ?1 AND outcome = 'failed')",
            (month,),
        )

    # Budgets and counts

    def budget(self, name: str) -> BucketState | None:
        """The token bucket kept under ``name``."""
        row = self._sql.execute(
            "SELECT tokens, filled_at, slowdown FROM budgets WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else BucketState(*row)

    def keep_budget(self, name: str, bucket: BucketState) -> None:
        """Keep a token bucket under ``name``."""
        self._sql.execute(
            "INSERT OR REPLACE INTO budgets VALUES (?, ?, ?, ?)", (name, *astuple(bucket))
        )

    def add_calls(self, counts: Mapping[str, int]) -> None:
        """Add to the counts of requests by cause."""
        self._sql.executemany(
            "INSERT INTO calls VALUES (?, ?) "
            "ON CONFLICT (cause) DO UPDATE SET count = count + excluded.count",
            counts.items(),
        )

    def calls(self) -> dict[str, int]:
        """Requests sent since the corpus began, by cause."""
        return dict(self._sql.execute("SELECT cause, count FROM calls ORDER BY cause"))

    def tallies(self) -> list[tuple[str, str | None, str | None, int, int]]:
        """Candidates by month, outcome and reason: their count, and how many are in a shard."""
        found = self._sql.execute(
            "SELECT month, outcome, reason, COUNT(*), COUNT(shard) FROM candidates "
            "GROUP BY month, outcome, reason ORDER BY month, outcome, reason"
        )
        return found.fetchall()

    def window_tallies(self) -> dict[str, int]:
        """Finished windows by outcome."""
        return dict(self._sql.execute("SELECT outcome, COUNT(*) FROM windows GROUP BY outcome"))

    def accepted(self) -> list[tuple[object, ...]]:
        """The accepted photos that are closed, by id, in the columns of `Corpus.accepted`."""
        return self._sql.execute(_ACCEPTED).fetchall()
