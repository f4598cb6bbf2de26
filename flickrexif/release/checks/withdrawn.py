"""Rules on the ledger: it can be read, names no one, and what it names is in no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.release.checks.rows import by_file, read_rows
from flickrexif.release.finding import Finding
from flickrexif.release.ledger import LEDGER, read_ledger
from flickrexif.release.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.release.manifest import Manifest


def check_withdrawn(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """``ledger`` and ``withdrawn-photo``; a release without a ledger withdrew nothing."""
    try:
        ledger = read_ledger(release)
        latest = numbers(manifest["version"])
    except UsageError as error:
        yield Finding("ledger", LEDGER, str(error))
        return
    for one in ledger:
        if numbers(one.version) > latest:
            message = f"photo {one.photo_id} is said to leave in {one.version!r}, a later version"
            yield Finding("ledger", LEDGER, message)
    gone = [one.photo_id for one in ledger]
    for config in manifest["configs"] if gone else ():
        rows = read_rows(release, manifest, config)
        if rows is not None:
            for file, ids in by_file(rows.filter(pl.col("photo_id").is_in(gone))):
                yield Finding("withdrawn-photo", file, f"withdrawn, but still there: {ids}")
