"""The tables of ``state.sqlite``: compact, strict, and with counts that triggers keep exact."""

from __future__ import annotations

from typing import get_args

from flickrexif.corpus.rows import Consent, RemovalKind, Verdict, WindowOutcome
from flickrexif.exif.record import ExifSource

VERSION = 3
"""``PRAGMA user_version`` of the tables below."""


def _one_of(words: object) -> str:
    return ", ".join(f"'{word}'" for word in get_args(words))


TABLES = f"""
CREATE TABLE made_with (words TEXT NOT NULL) STRICT;

CREATE TABLE windows (
    month TEXT NOT NULL, license_id INTEGER NOT NULL,
    taken_from TEXT NOT NULL, taken_to TEXT NOT NULL,
    sweep INTEGER NOT NULL CHECK (sweep IN (1, 2)),
    outcome TEXT NOT NULL CHECK (outcome IN ({_one_of(WindowOutcome)})),
    told_total INTEGER NOT NULL, rows INTEGER NOT NULL CHECK (rows >= 0),
    strays INTEGER NOT NULL CHECK (strays >= 0),
    PRIMARY KEY (month, sweep, license_id, taken_from, taken_to)
) STRICT, WITHOUT ROWID;

CREATE TABLE owners (
    owner INTEGER PRIMARY KEY,
    owner_id TEXT NOT NULL UNIQUE,
    name TEXT,
    page TEXT,
    consent TEXT CHECK (consent IN ({_one_of(Consent)}))
) STRICT;

CREATE TABLE candidates (
    place INTEGER PRIMARY KEY,
    photo_id INTEGER NOT NULL UNIQUE,
    month INTEGER NOT NULL CHECK (month % 100 BETWEEN 1 AND 12),
    owner INTEGER NOT NULL,
    rank INTEGER NOT NULL CHECK (rank >= 0),
    license_id INTEGER NOT NULL,
    taken_at INTEGER,
    uploaded_at INTEGER NOT NULL,
    original TEXT,
    image TEXT,
    seen INTEGER NOT NULL CHECK (seen BETWEEN 1 AND 3),
    outcome TEXT CHECK (outcome IN ({_one_of(Verdict)})),
    reason TEXT,
    shard INTEGER,
    sha256 BLOB CHECK (length(sha256) = 32),
    checked_at INTEGER,
    CHECK (reason IS NULL OR outcome IS NOT NULL)
) STRICT;

CREATE INDEX candidates_by_owner
    ON candidates (month, owner, rank, photo_id, outcome, reason);
CREATE INDEX failed_candidates ON candidates (month) WHERE outcome = 'failed';
CREATE INDEX waiting_candidates ON candidates (month, photo_id)
    WHERE outcome = 'accepted' AND shard IS NULL;
CREATE INDEX removed_candidates ON candidates (shard, photo_id) WHERE outcome = 'removed';
CREATE INDEX accepted_candidates ON candidates (owner, photo_id) WHERE outcome = 'accepted';
CREATE INDEX accepted_images ON candidates (sha256, owner)
    WHERE outcome = 'accepted' AND sha256 IS NOT NULL;

CREATE TABLE exif (
    photo_id INTEGER PRIMARY KEY, source TEXT NOT NULL CHECK (source IN ({_one_of(ExifSource)})),
    record TEXT NOT NULL CHECK (json_valid(record))
) STRICT;
CREATE TABLE waiting_images (
    photo_id INTEGER PRIMARY KEY,
    start INTEGER NOT NULL CHECK (start >= 0), length INTEGER NOT NULL CHECK (length >= 0),
    checksum BLOB NOT NULL CHECK (length(checksum) = 16),
    width INTEGER NOT NULL, height INTEGER NOT NULL, mime TEXT NOT NULL
) STRICT;
CREATE TABLE shards (
    shard INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, month TEXT NOT NULL,
    rows INTEGER NOT NULL CHECK (rows >= 0), checksum TEXT NOT NULL
) STRICT;
CREATE TABLE settled_months (
    month TEXT PRIMARY KEY CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]')
) STRICT, WITHOUT ROWID;
CREATE TABLE removals (
    kind TEXT NOT NULL CHECK (kind IN ({_one_of(RemovalKind)})), subject TEXT NOT NULL,
    reason TEXT NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE calls (
    cause TEXT PRIMARY KEY, count INTEGER NOT NULL CHECK (count >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE reminders (
    name TEXT PRIMARY KEY, value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE spent (
    month TEXT NOT NULL, phase TEXT NOT NULL, seconds REAL NOT NULL CHECK (seconds >= 0),
    PRIMARY KEY (month, phase)
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies (
    month INTEGER NOT NULL, license_id INTEGER NOT NULL,
    outcome TEXT NOT NULL, reason TEXT NOT NULL, seen INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (month, license_id, outcome, reason, seen)
) STRICT, WITHOUT ROWID;
"""
"""Candidates lie in the order of listing (``place``), so that a window's wide rows fill few pages:
by photo_id, a window of 500 in a month of 100,000 touched 190 pages, so it touches 13 and 84 of the
index. The index that begins with month and owner grows at few places too. It covers standings,
whose ranks are sorted when they are asked for: that costs less than an index by rank, which every
window changes at random places. It also finds an owner's photos of a month. The other indexes hold
few candidates each. ``made_with`` has the words of the corpus, ``waiting_images`` the places of
images in the file beside the state, with the XXH3 of their bytes. A tally's outcome and reason are
empty, not null, for the undecided: a primary key takes no nulls.
"""

_COUNT_IN = """
    INSERT INTO tallies VALUES (
        NEW.month, NEW.license_id, ifnull(NEW.outcome, ''), ifnull(NEW.reason, ''), NEW.seen, 1
    ) ON CONFLICT DO UPDATE SET count = count + 1;
"""
_COUNT_OUT = """
    UPDATE tallies SET count = count - 1
    WHERE month = OLD.month AND license_id = OLD.license_id
        AND outcome = ifnull(OLD.outcome, '') AND reason = ifnull(OLD.reason, '')
        AND seen = OLD.seen;
"""

TRIGGERS = f"""
CREATE TRIGGER count_new AFTER INSERT ON candidates BEGIN {_COUNT_IN} END;
CREATE TRIGGER count_changed AFTER UPDATE OF month, license_id, outcome, reason, seen
    ON candidates BEGIN {_COUNT_OUT} {_COUNT_IN} END;
CREATE TRIGGER count_gone AFTER DELETE ON candidates BEGIN {_COUNT_OUT} END;
"""
