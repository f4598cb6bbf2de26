"""A corpus: the directory that a crawl fills and that later stages read."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from flickrexif.atomic import write_text
from flickrexif.corpus.database import damaged, is_damage
from flickrexif.corpus.state import State
from flickrexif.corpus.words import WORDS_FILE, read_words, words_json, words_text
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.ids import PhotoId

STATE_FILE = "state.sqlite"
IMAGES_FOLDER = "images"
ROWS_AT_ONCE = 50_000
LOOK_S = 0.05
"""Who only looks whether a crawl is running holds its lock for a moment shorter than this."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """An existing corpus directory: ``plan`` and ``endpoint`` are the words it was made with."""

    path: Path
    plan: CrawlPlan
    endpoint: str

    @classmethod
    def open(cls, path: Path | str) -> Corpus:
        """The corpus at ``path``; raises `UsageError` when there is none, or of another schema."""
        path = Path(path)
        return cls(path, *read_words(path / WORDS_FILE))

    @classmethod
    def create(cls, path: Path, plan: CrawlPlan, *, endpoint: str) -> Corpus:
        """The corpus at ``path`` made with these words, newly made or found.

        Raises `UsageError`, with nothing written, when ``path`` holds something else or a corpus
        made with other words; the message names the first word that differs.
        """
        if (path / WORDS_FILE).exists():
            corpus = cls.open(path)
            corpus._refuse_other_words(plan, endpoint)
            return corpus
        _refuse_foreign(path)
        path.mkdir(parents=True, exist_ok=True)
        write_text(path / WORDS_FILE, words_text(plan, endpoint))
        return cls(path, plan, endpoint)

    def _refuse_other_words(self, plan: CrawlPlan, endpoint: str) -> None:
        made = {**asdict(self.plan), "endpoint": self.endpoint}
        asked = {**asdict(plan), "endpoint": endpoint}
        for word, was in made.items():
            if was != asked[word]:
                raise UsageError(
                    f"corpus was made with {word}={was!r}, not {asked[word]!r}: "
                    "use the same words or another folder"
                )

    @property
    def images_folder(self) -> Path:
        """Where the shards of images lie."""
        return self.path / IMAGES_FOLDER

    @contextmanager
    def state(self, *, reading: bool = False) -> Iterator[State]:
        """The state, open for writing, and made when there is none; or open for ``reading`` only.

        Read, it may be in use by a crawl, and one that was never made is empty. Raises
        `UsageError` for a state that is damaged, of another version, made with other words, or
        lost: then the message names the file and the remedy.
        """
        path, words = self.path / STATE_FILE, words_json(self.plan, self.endpoint)
        self._refuse_lost_state(path)
        if reading:
            state = State.reading(path, words=words, is_in_use=self.is_locked)
        else:
            state = State(path, words=words)
        try:
            yield state
            if not reading:
                path.stat()  # SQLite writes on, to nobody, when the folder is taken away
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            state.close(is_sound=False)
            raise damaged(path, error) from None
        finally:
            state.close()

    def _refuse_lost_state(self, path: Path) -> None:
        if not path.exists() and any(self.images_folder.glob("*.parquet")):
            raise UsageError(
                f"{str(path)!r} is missing, its images are there: "
                "restore it from a copy, or crawl into another folder"
            )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other crawls out; the system lifts the lock of a process that dies.

        Raises `UsageError` when another crawl has it.
        """
        with (self.path / WORDS_FILE).open("rb") as file:
            if not _is_free(file) and not _is_free(file, after_s=LOOK_S):
                raise UsageError(
                    f"another crawl is running on {str(self.path)!r}: wait for it or stop it"
                )
            yield

    @property
    def is_locked(self) -> bool:
        """True while a crawl is running on it."""
        with (self.path / WORDS_FILE).open("rb") as file:
            return not _is_free(file, shared=True)

    def accepted(self) -> pl.DataFrame:
        """Every accepted photo of the closed shards, ordered by photo_id.

        Columns: photo_id i64, page_url, owner_id, owner_name, license_id i64, taken_at
        (``YYYY-MM-DD HH:MM:SS`` or null), uploaded_at (i64, Unix seconds UTC), month, image_url,
        exif_source, raw_exif (JSON of a `RawRecord`).
        """
        import polars as pl

        numbers, texts = pl.Int64(), pl.String()
        schema = {
            "photo_id": numbers,
            "page_url": texts,
            "owner_id": texts,
            "owner_name": texts,
            "license_id": numbers,
            "taken_at": texts,
            "uploaded_at": numbers,
            "month": texts,
            "image_url": texts,
            "exif_source": texts,
            "raw_exif": texts,
        }
        frames = [pl.DataFrame(schema=schema)]
        with self.state(reading=True) as state:
            rows = state.accepted()
            while some := list(islice(rows, ROWS_AT_ONCE)):
                frames.append(pl.DataFrame(some, schema=schema, orient="row"))
        return pl.concat(frames).sort("photo_id")

    def removed_ids(self) -> set[PhotoId]:
        """Every photo that a recheck or a takedown has taken out, or that a takedown names."""
        with self.state(reading=True) as state:
            return state.removed_ids()

    def image_shards(self, *, verified: bool = False) -> list[Path]:
        """The closed shards of images, by name.

        ``verified``: raises `UsageError` for the first one that is lost or is not what the crawl
        has written, which costs reading them all.
        """
        with self.state(reading=True) as state:
            shards, unclean = state.shards(), state.unpurged()
        if verified:
            for shard in shards:
                if shard.name not in unclean:  # a purge that died may have rewritten its file
                    _refuse_damaged_shard(self.images_folder / shard.name, shard.checksum)
        return [self.images_folder / shard.name for shard in shards]


def _is_free(file: BinaryIO, *, shared: bool = False, after_s: float = 0.0) -> bool:
    """Whether the lock on ``file`` was free; it is then held until ``file`` is closed."""
    import fcntl

    time.sleep(after_s)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_damaged_shard(path: Path, checksum: str) -> None:
    from flickrexif.corpus.images import checksum_of

    try:
        found = checksum_of(path)
    except OSError as error:
        raise UsageError(
            f"shard {str(path)!r} cannot be read ({error.strerror}): restore it from a copy"
        ) from None
    if found != checksum:
        raise UsageError(
            f"shard {str(path)!r} is damaged (its checksum is {found}, not {checksum}): "
            "restore it from a copy"
        )


def _refuse_foreign(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise UsageError(f"{str(path)!r} is a file: name a folder for the corpus")
    strangers = [
        entry for entry in path.iterdir() if not _is_unfinished_words(entry.name)
    ]  # a kill while the first file was written leaves its temporary name
    if strangers:
        raise UsageError(
            f"{str(path)!r} is not empty and is no corpus: name an empty or a new folder"
        )


def _is_unfinished_words(name: str) -> bool:
    return name.startswith(f".{WORDS_FILE}.") and name.endswith(".partial")
