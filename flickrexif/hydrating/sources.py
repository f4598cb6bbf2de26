"""The corpus that a source stands for: one that is there, or one that is made of it once."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Protocol

import xxhash

from flickrexif.atomic import sync_directory
from flickrexif.corpus.layout import Corpus
from flickrexif.corpus.plan import IMPORTED
from flickrexif.corpus.words import WORDS_FILE
from flickrexif.errors import UsageError
from flickrexif.hydrating.addresses import address_of
from flickrexif.hydrating.released import ReleasedPhotos
from flickrexif.hydrating.tables import TABLE_ENDINGS, TablePhotos
from flickrexif.release.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flickrexif.flickr.connection import Connection
    from flickrexif.hydrating.plan import HydratePlan
    from flickrexif.ids import PhotoId

MADE_OF = "hash of the source"
"""The reminder in a corpus's state that tells of which source it was made."""


class Photos(Protocol):
    """Photos that are known by a source only."""

    @property
    def words(self) -> bytes:
        """What tells this source from others, whatever the form it is written in."""
        ...

    def addresses(self) -> Iterable[tuple[PhotoId, str | None]]:
        """Each photo's id and the address that is told of its image."""
        ...

    def make(self, path: Path) -> None:
        """Make a corpus of them at ``path``."""
        ...


def open_source(source: Path, plan: HydratePlan, connection: Connection) -> Corpus:
    """The corpus that ``source`` is, or the one that is made of it at ``plan.to``.

    A new corpus appears whole or not at all. Raises `UsageError`, with nothing written, for what is
    no source, and for a ``plan.to`` that holds something else.
    """
    if (source / WORDS_FILE).exists():
        return _imported(source, plan.to)
    photos = _photos(source, connection)
    if plan.to is None:
        raise UsageError(f"{str(source)!r} is no corpus: name the one to make of it by --to")
    if not (plan.to / WORDS_FILE).exists():
        _refuse_stranger(plan.to)
        refuse_unreachable(source, photos.addresses(), plan, connection)
        _make(plan.to, photos)
    return _made(plan.to, source, photos)


def refuse_unreachable(
    source: Path,
    addresses: Iterable[tuple[PhotoId, str | None]],
    plan: HydratePlan,
    connection: Connection,
) -> None:
    """Raise `UsageError` when there are photos and of none an address that can be asked for."""
    photo_id = None
    for photo_id, url in addresses:
        if address_of(photo_id, url, size=plan.size, connection=connection) is not None:
            return
    if photo_id is not None:
        raise UsageError(
            f"{str(source)!r} tells of no photo an image's address at {connection.image_origin!r} "
            f"({plan.size}): name the right Flickr by --endpoint or --sandbox, or another --size"
        )


def _photos(source: Path, connection: Connection) -> Photos:
    if source.is_dir() and (source / MANIFEST).exists():
        return ReleasedPhotos.read(source)
    if source.suffix.lower() in TABLE_ENDINGS and not source.is_dir():
        return TablePhotos.read(source, connection)
    raise UsageError(
        f"{str(source)!r} is no source: name a corpus that `flickrexif splits import` made, a "
        f"release folder, or a table in {', '.join(TABLE_ENDINGS)}"
    )


def _imported(path: Path, to: Path | None) -> Corpus:
    corpus = Corpus.open(path)
    if corpus.plan.months != IMPORTED:
        raise UsageError(f"corpus {str(path)!r} was crawled: its images come by `flickrexif crawl`")
    if to is not None and to.resolve() != path.resolve():
        raise UsageError(f"corpus {str(path)!r} gets its images itself: leave out --to")
    return corpus


def _refuse_stranger(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UsageError(f"{str(path)!r} is a file: name a folder for the corpus")
    if path.exists() and any(path.iterdir()):
        raise UsageError(
            f"{str(path)!r} is not empty and is no corpus: name an empty or a new folder"
        )


def _make(path: Path, photos: Photos) -> None:
    """Make the corpus beside its place, then move it there."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        photos.make(partial)
        with Corpus.open(partial).state() as state, state.transaction():
            state.remind(MADE_OF, _hash(photos))
        try:
            partial.rename(path)
        except OSError as error:
            raise UsageError(
                f"{str(path)!r} cannot be made ({error.strerror}): name a new folder"
            ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sync_directory(path.parent)


def _made(path: Path, source: Path, photos: Photos) -> Corpus:
    corpus = Corpus.open(path)
    with corpus.state(reading=True) as state:
        made_of = state.reminder(MADE_OF)
    if corpus.plan.months != IMPORTED or made_of != _hash(photos):
        raise UsageError(
            f"corpus {str(path)!r} was not made of {str(source)!r} as it is now: name a new folder"
        )
    return corpus


def _hash(photos: Photos) -> int:
    """63 bits, as SQLite's integers take them."""
    return xxhash.xxh3_64_intdigest(photos.words) >> 1
