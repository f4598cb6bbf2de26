"""A corpus: the directory that a crawl fills and that later stages read."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import write_text
from flickrexif.corpus.plan import CrawlPlan
from flickrexif.corpus.state import State
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

SCHEMA_VERSION = 1
WORDS_FILE = "corpus.toml"
STATE_FILE = "state.sqlite"
IMAGES_FOLDER = "images"


@dataclass(frozen=True, slots=True)
class CorpusStatus:
    """Counts over a whole corpus; ``waiting`` photos are accepted and not yet in a shard."""

    months_settled: int
    listed: int
    accepted: int
    waiting: int
    failed: int
    rejected: dict[str, int]
    """By reason."""
    undecided: int
    """Candidates nobody needed to look at (their caps were met), or not yet looked at."""
    image_shards: int
    requests: dict[str, int]
    """By cause."""

    def lines(self) -> list[str]:
        """The counts for people."""
        lines = [
            f"{self.accepted} photos accepted of {self.listed} listed, {self.waiting} of them "
            "not yet in a shard",
            f"months settled: {self.months_settled}, image shards: {self.image_shards}",
            f"{self.failed} failed for now, {self.undecided} over a cap or not yet looked at",
        ]
        for what, counts in (("rejected", self.rejected), ("requests", self.requests)):
            if counts:
                told = ", ".join(f"{cause} {count}" for cause, count in sorted(counts.items()))
                lines.append(f"{what}: {told}")
        return lines


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
        try:
            words = tomllib.loads((path / WORDS_FILE).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise UsageError(
                f"{str(path)!r} is not a corpus (no {WORDS_FILE}): make one with flickrexif crawl"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{str(path / WORDS_FILE)!r} cannot be read: {error}") from None
        return cls(path, *_parse_words(words, path))

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
        write_text(path / WORDS_FILE, _words(plan, endpoint))
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
    def state(self) -> Iterator[State]:
        """The state, open; it is made when it does not exist yet.

        Raises `UsageError` for a file that is no database.
        """
        try:
            state = State(self.path / STATE_FILE)
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"{str(self.path / STATE_FILE)!r} cannot be opened ({error}): "
                "restore it, or crawl into another folder"
            ) from None
        try:
            yield state
        finally:
            state.close()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other crawls out; the system lifts the lock of a process that dies.

        Raises `UsageError` when another crawl has it.
        """
        import fcntl

        with (self.path / WORDS_FILE).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    f"another crawl is running on {str(self.path)!r}: wait for it or stop it"
                ) from None
            yield

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
        with self.state() as state:
            return pl.DataFrame(state.accepted(), schema=schema, orient="row")

    def image_shards(self) -> list[Path]:
        """The closed shards of images, by name."""
        with self.state() as state:
            return [self.images_folder / shard.name for shard in state.shards()]

    def status(self) -> CorpusStatus:
        """What the corpus holds at this moment, also while a crawl runs."""
        with self.state() as state:
            tallies = state.tallies()
            shards, settled = len(state.shards()), len(state.settled_months())
            requests = state.calls()
        accepted = sum(count for _, outcome, _, count, _ in tallies if outcome == "accepted")
        closed = sum(closed for _, outcome, _, _, closed in tallies if outcome == "accepted")
        rejected: dict[str, int] = {}
        for _, outcome, reason, count, _ in tallies:
            if outcome == "rejected":
                rejected[str(reason)] = rejected.get(str(reason), 0) + count
        return CorpusStatus(
            months_settled=settled,
            listed=sum(count for _, _, _, count, _ in tallies),
            accepted=accepted,
            waiting=accepted - closed,
            failed=sum(count for _, outcome, _, count, _ in tallies if outcome == "failed"),
            rejected=rejected,
            undecided=sum(count for _, outcome, _, count, _ in tallies if outcome is None),
            image_shards=shards,
            requests=requests,
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


def _words(plan: CrawlPlan, endpoint: str) -> str:
    words = {"schema_version": SCHEMA_VERSION, "endpoint": endpoint, **asdict(plan)}
    lines = [f"{word} = {_toml(was)}" for word, was in words.items() if was is not None]
    return "\n".join(
        ["# What this corpus was asked to hold. A resume repeats these words.", *lines, ""]
    )


def _toml(value: object) -> str:
    """A text, number or truth value as TOML writes it: as JSON, but for surrogates and DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parse_words(words: dict[str, Any], path: Path) -> tuple[CrawlPlan, str]:
    version = words.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"corpus {str(path)!r} has schema_version {version!r}, this is {SCHEMA_VERSION}: "
            "use the flickrexif that made it"
        )
    endpoint = words.pop("endpoint", None)
    unknown = set(words) - {field.name for field in fields(CrawlPlan)}
    if unknown or not isinstance(endpoint, str) or "months" not in words:
        raise UsageError(f"{str(path / WORDS_FILE)!r} is damaged: restore it or crawl anew")
    return CrawlPlan(**words), endpoint
