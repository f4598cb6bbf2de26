"""The budgets of this machine: token buckets in one file, shared by processes and corpora.

Own arithmetic over SQLite, because of the libraries looked at none slows down for all processes
after a 429: pyrate-limiter 4.5 writes a log of calls under a lock file and tbucket 1.1 keeps token
buckets by apsw, both with fixed rates and by the wall clock, which people set.

Taking a token is one short transaction. A write-ahead log with ``synchronous=NORMAL`` makes it
cheap (20 microseconds, no fsync) and is enough: a killed process loses nothing, a power cut the
last tokens taken, so that at most one burst is let through twice.

A file that cannot be used never stops a crawl. The buckets are then kept in memory, going on from
what was last seen or from empty, and a warning names the file: each process still keeps the rate,
but they no longer share it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from flickrexif.flickr.budget import Change, KeeperBusy, TokenBucket
from flickrexif.flickr.pace import BucketState, Moment, Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from flickrexif.flickr.budget import Sleep

log = logging.getLogger("flickrexif")

FOLDER_VARIABLE = "FLICKREXIF_STATE_DIR"
FILE_NAME = "budgets.sqlite"

_TABLE = """
CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, tokens REAL NOT NULL, wall REAL NOT NULL, uptime REAL NOT NULL,
    slowdown REAL NOT NULL, quiet_s REAL NOT NULL
) STRICT, WITHOUT ROWID
"""
_READ = "SELECT tokens, wall, uptime, slowdown, quiet_s FROM buckets WHERE name = ?"
_WRITE = "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?, ?, ?)"

_MOST_TOKENS = 1e9
"""Beyond it, on either side, a kept number is damaged."""
_PATIENCE_S = 0.05
"""So long SQLite waits for another process by itself; the event loop stands still meanwhile."""

_BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})


def state_folder() -> Path:
    """Where this machine's budgets are kept; need not exist.

    ``$FLICKREXIF_STATE_DIR``, else the user's folder for state, ``~/.local/state/flickrexif`` on
    Linux.
    """
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_state_path("flickrexif", appauthor=False)


class BudgetStore:
    """The buckets in one file, which is made when a token is first taken.

    For one thread. ``path`` None is `state_folder`'s file.
    """

    def __init__(
        self, path: Path | None = None, *, clock: Callable[[], Moment] = Moment.now
    ) -> None:
        self.path = path or state_folder() / FILE_NAME
        self._clock = clock
        self._db: sqlite3.Connection | None = None
        self._seen: dict[str, BucketState] = {}
        self._is_alone = False

    def bucket(
        self,
        name: str,
        rate: float,
        *,
        burst: float = 0.0,
        label: str = "",
        sleep: Sleep = asyncio.sleep,
    ) -> TokenBucket:
        """The bucket of that name, a ``label`` in the log; an infinite ``rate`` touches no file."""
        return TokenBucket(
            rate,
            burst=burst,
            label=label,
            keeper=_StoredBucket(self, name),
            clock=self._clock,
            sleep=sleep,
        )

    def left(self, name: str, rate: float) -> BucketState:
        """How the bucket of that name stands now; only reads, and a file that is not there too."""
        return Pace(rate).filled(self._look(name), self._clock())

    def update(self, name: str, change: Change) -> BucketState:
        """See `flickrexif.flickr.budget.Keeper`."""
        if not self._is_alone:
            try:
                state = self._update_file(name, change)
            except (sqlite3.Error, OSError) as error:
                if _is_busy(error):
                    raise KeeperBusy(f"another process holds {self.path}") from None
                self._go_alone(error)
            else:
                self._seen[name] = state
                return state
        kept = self._seen.get(name) or BucketState(tokens=0.0, at=self._clock())
        self._seen[name] = state = change(kept)
        return state

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _update_file(self, name: str, change: Change) -> BucketState:
        db = self._db = self._db or _open(self.path)
        db.execute("BEGIN IMMEDIATE")
        try:
            row = db.execute(_READ, (name,)).fetchone()
            state = change(None if row is None else _parse_row(row))
            db.execute(_WRITE, (name, *_row(state)))
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.rollback()
        return state

    def _go_alone(self, error: Exception) -> None:
        self._is_alone = True
        log.warning(
            "budgets %s cannot be used (%s), so this crawl keeps its own: run no other one with "
            "this key meanwhile, and mend or delete the file",
            self.path,
            error,
        )
        with suppress(sqlite3.Error):
            self.close()

    def _look(self, name: str) -> BucketState | None:
        if not self.path.is_file():
            return None
        try:
            with closing(
                sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
            ) as db:
                row = db.execute(_READ, (name,)).fetchone()
            return None if row is None else _parse_row(row)
        except sqlite3.Error:
            return None


@dataclass(frozen=True, slots=True)
class _StoredBucket:
    store: BudgetStore
    name: str

    def update(self, change: Change) -> BucketState:
        return self.store.update(self.name, change)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(_TABLE)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _row(state: BucketState) -> tuple[float, ...]:
    return state.tokens, state.at.wall, state.at.uptime, state.slowdown, state.quiet_s


def _parse_row(row: tuple[float, ...]) -> BucketState:
    tokens, wall, uptime, slowdown, quiet_s = row
    if not (abs(tokens) <= _MOST_TOKENS and 0 < slowdown <= 1 and quiet_s >= 0):
        raise sqlite3.DatabaseError("a bucket is in no possible state")
    return BucketState(tokens, Moment(wall, uptime), slowdown, quiet_s)


def _is_busy(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)  # of SQLite's own errors alone
    return code is not None and code & 0xFF in _BUSY_CODES
