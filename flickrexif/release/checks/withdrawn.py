"""Rules on the ledger: it can be read, names no one, and what it names is in no file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.release.checks.rows import by_file, read_rows
from flickrexif.release.finding import Finding
from flickrexif.release.ledger import LEDGER, Withdrawal, read_ledger
from flickrexif.release.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from flickrexif.release.manifest import Manifest


class Left(Protocol):
    """A line of a ledger: ``version`` is the first one without what it names."""

    @property
    def version(self) -> str:
        """As X.Y.Z."""
        ...


Line = TypeVar("Line", bound=Left)
Id = TypeVar("Id", int, str)


def check_withdrawn(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """``ledger`` and ``withdrawn-photo``; a release without a ledger withdrew nothing."""

    def still_there(gone: set[int]) -> Iterator[tuple[str, str]]:
        for config in manifest["configs"]:
            rows = read_rows(release, manifest, config)
            if rows is not None:
                yield from by_file(rows.filter(pl.col("photo_id").is_in(list(gone))))

    def photo_id(line: Withdrawal) -> int:
        return line.photo_id

    read = partial(read_ledger, release)
    yield from check_ledger(read, manifest, "photo", id_of=photo_id, still_there=still_there)


def check_ledger(
    read: Callable[[], Iterable[Line]],
    manifest: Manifest,
    noun: str,
    *,
    id_of: Callable[[Line], Id],
    still_there: Callable[[set[Id]], Iterable[tuple[str, str]]],
) -> Iterator[Finding]:
    """``ledger`` and ``withdrawn-<noun>`` for any release with a ledger.

    ``read`` gives its lines, or raises `UsageError`; ``still_there`` the files that hold some of
    these ids, each with those it holds, as text.
    """
    try:
        lines = list(read())
        latest = numbers(manifest["version"])
    except UsageError as error:
        yield Finding("ledger", LEDGER, str(error))
        return
    for line in lines:
        if numbers(line.version) > latest:
            told = f"{noun} {id_of(line)} is said to leave in {line.version!r}, a later version"
            yield Finding("ledger", LEDGER, told)
    gone = {id_of(line) for line in lines}
    for file, ids in still_there(gone) if gone else ():
        yield Finding(f"withdrawn-{noun}", file, f"withdrawn, but still there: {ids}")
