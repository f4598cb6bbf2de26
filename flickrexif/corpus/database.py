"""Opening ``state.sqlite``: made whole or not at all, and never used when it is damaged."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from flickrexif.atomic import atomic_path
from flickrexif.corpus.seal import break_seal, put_seal, seal_of, seal_path
from flickrexif.corpus.tables import TABLES, TRIGGERS, VERSION
from flickrexif.corpus.words import other_words
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CACHE_KIB = 16_384
PAGES_BETWEEN_CHECKPOINTS = 16_384
"""64 MiB of log: a month's pages change many times, and are then written back once."""
PATIENCE_S = 30.0

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_damage(error: sqlite3.Error | UnicodeDecodeError | OSError) -> bool:
    """True when SQLite says that the file itself is broken, or Python that a text is no UTF-8."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, (UnicodeDecodeError, sqlite3.OperationalError))
    return code & 0xFF in _DAMAGE


def damaged(path: Path, why: object) -> UsageError:
    """The error that tells a damaged file and the remedy."""
    told = " ".join(str(why).split())
    return UsageError(
        f"{str(path)!r} is damaged ({told}): restore it from a copy, or crawl into another folder"
    )


def _unusable(path: Path, why: object) -> UsageError:
    return UsageError(
        f"{str(path)!r} cannot be opened ({why}): "
        "mend that or restore it from a copy, then run the same command"
    )


class Database:
    """One open state file, for one writer or any number of readers."""

    _is_open = False

    def __init__(self, path: Path, *, words: str = "") -> None:
        """Open ``path`` for writing; it is made when there is none.

        ``words`` are those of its corpus, kept when it is made. Raises `UsageError` for a file that
        is damaged, foreign, of another version or made with other words.
        """
        if not path.exists():
            _refuse_orphans(path)
            _make(path, words)
        self._open(path, words, is_read_only=False, is_thorough=True)

    @classmethod
    def reading(cls, path: Path, *, words: str = "", is_in_use: bool = False) -> Self:
        """Open ``path`` for reading; without a file it reads as empty.

        ``is_in_use`` by a crawl, which has checked it. Raises `UsageError` as opening for writing
        does.
        """
        opened = cls.__new__(cls)
        opened._open(path, words, is_read_only=True, is_thorough=not is_in_use)
        return opened

    def _open(self, path: Path, words: str, *, is_read_only: bool, is_thorough: bool) -> None:
        self._path, self._is_read_only = path, is_read_only
        # Before SQLite has it open: to close a file takes this process's locks off it, SQLite's too
        # (https://www.sqlite.org/howtocorrupt.html, section 2.2), and readers then drop its log.
        seal = seal_of(path)
        try:
            self._sql = _connect_reader(path, words) if is_read_only else _connect(path, "rw")
            self._is_open = True
            self._insist(seal, is_thorough=is_thorough)
            self._insist_on_words(words)
            if not is_read_only:
                self._prepare()
        except (sqlite3.DatabaseError, UnicodeDecodeError, OSError) as error:
            self.close(is_sound=False)
            raise (damaged if is_damage(error) else _unusable)(path, error) from None
        except BaseException:
            self.close(is_sound=False)
            raise

    def _prepare(self) -> None:
        """Make ready for writing what was found whole."""
        break_seal(self._path)
        _set_for_writing(self._sql)

    def _insist(self, seal: str | None, *, is_thorough: bool) -> None:
        """Raise `UsageError` unless the file is what this version has written."""
        sql, path = self._sql, self._path
        (version,) = sql.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            raise UsageError(
                f"{str(path)!r} has version {version}, this is {VERSION}: "
                "use the flickrexif that made it, or crawl into another folder"
            )
        if _schema(sql) != _expected_schema():
            raise damaged(path, "its tables are not those of a corpus")
        if seal == "broken":
            raise damaged(path, f"the checksum in {seal_path(path).name} is another one")
        if is_thorough and not (self._is_read_only and seal == "whole"):
            self._insist_on_structure("quick_check" if seal == "whole" else "integrity_check")

    def _insist_on_words(self, words: str) -> None:
        found = self._sql.execute("SELECT words FROM made_with").fetchall()
        if found != [(words,)]:
            raise other_words(self._path, found[0][0] if found else "", words)

    def _insist_on_structure(self, check: str) -> None:
        """``quick_check`` does not compare indexes with their tables."""
        (found,) = self._sql.execute(f"PRAGMA {check}(1)").fetchone()
        if found != "ok":
            raise damaged(self._path, found)
        (page_size,) = self._sql.execute("PRAGMA page_size").fetchone()
        is_alone = self._path.exists() and not _has_log(self._path)
        if is_alone and self._path.stat().st_size % page_size:
            raise damaged(self._path, "it ends within a page")

    def close(self, *, is_sound: bool = True) -> None:
        """Close the file, fold its log into it and seal it; without a seal when it is unsound."""
        if not self._is_open:
            return
        self._is_open = False
        if is_sound and not self._is_read_only:
            self._sql.execute("PRAGMA busy_timeout = 1000")
            with suppress(sqlite3.Error):  # a full disk
                self._cut_free_pages()
            with suppress(sqlite3.Error):  # a full disk, or a reader that stays
                self._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._sql.close()
        if is_sound and not self._is_read_only and not _log_of(self._path).exists():
            with suppress(OSError):  # with a log, somebody else has it open
                put_seal(self._path)

    def _cut_free_pages(self) -> None:
        """Move free pages to the end of the file and cut them off."""
        self._sql.executescript("PRAGMA incremental_vacuum")  # a step a page: execute takes but one

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside happens durably at the end, or not at all."""
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._sql.execute("COMMIT")
        except BaseException:
            if self._sql.in_transaction:  # SQLite itself rolls back when the disk is full
                self._sql.execute("ROLLBACK")
            raise


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _has_log(path: Path) -> bool:
    log = _log_of(path)
    return log.exists() and log.stat().st_size > 0


def _refuse_orphans(path: Path) -> None:
    """SQLite would play a log that lost its file into a new one."""
    if _has_log(path):
        raise UsageError(
            f"{str(path)!r} is missing, its log {_log_of(path).name!r} is there: "
            "restore it from a copy, or crawl into another folder"
        )


def _make(path: Path, words: str) -> None:
    with atomic_path(path) as partial:
        partial.unlink(missing_ok=True)
        sql = sqlite3.connect(partial, isolation_level=None)
        try:
            _make_tables(sql, words)
        finally:
            sql.close()
        seal_path(path).unlink(missing_ok=True)


def _make_tables(sql: sqlite3.Connection, words: str) -> None:
    sql.execute("PRAGMA auto_vacuum = INCREMENTAL")
    sql.executescript(f"{TABLES}{TRIGGERS}PRAGMA user_version = {VERSION};")
    sql.execute("INSERT INTO made_with VALUES (?)", (words,))


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    sql = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=PATIENCE_S,
    )
    try:
        sql.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except BaseException:
        sql.close()
        raise
    return sql


def _connect_reader(path: Path, words: str) -> sqlite3.Connection:
    """A reader needs the log's index beside the file; on a read-only disk there is no log."""
    if not path.exists():
        _refuse_orphans(path)
        empty = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _make_tables(empty, words)
        return empty
    sql = _connect(path, "rw")  # mode=ro would leave an empty log and its index behind
    try:
        sql.execute("PRAGMA query_only = ON")
        sql.execute("SELECT COUNT(*) FROM sqlite_schema")
    except sqlite3.OperationalError:
        sql.close()
        if _log_of(path).exists():
            raise
        return _connect(path, "ro&immutable=1")
    except BaseException:
        sql.close()
        raise
    return sql


def _set_for_writing(sql: sqlite3.Connection) -> None:
    for setting in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = FAST",  # what is deleted is wiped from pages that stay in use
        f"wal_autocheckpoint = {PAGES_BETWEEN_CHECKPOINTS}",
    ):
        sql.execute(f"PRAGMA {setting}")


def _schema(sql: sqlite3.Connection) -> list[tuple[str, str]]:
    found = sql.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return [(name, " ".join(text.split())) for name, text in found]


def _expected_schema() -> list[tuple[str, str]]:
    made = sqlite3.connect(":memory:")
    try:
        made.executescript(f"{TABLES}{TRIGGERS}")
        return _schema(made)
    finally:
        made.close()
