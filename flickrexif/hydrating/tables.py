"""The photos of a table with the published columns."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.labels.imported_photos import is_image, keep_each, photos_of
from flickrexif.labels.published_table import COLUMNS, ID, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flickrexif.flickr.connection import Connection
    from flickrexif.ids import PhotoId

log = logging.getLogger("flickrexif")

TABLE_ENDINGS = (".csv", ".jsonl", ".parquet")
_SHA256 = "sha256"
_NEEDED = frozenset((ID, "url", "owner"))


@dataclass(frozen=True, slots=True, eq=False)
class TablePhotos:
    """The rows of a table, to be fetched by ``connection``."""

    rows: pl.DataFrame
    connection: Connection

    @classmethod
    def read(cls, path: Path, connection: Connection) -> TablePhotos:
        """The photos of the table at ``path``; 'Flickr ID', url and owner are all it must have.

        A column sha256 tells what each file is. Raises `UsageError` for what `read_table` refuses,
        for a table without rows and for a sha256 that is none.
        """
        columns = {**COLUMNS, _SHA256: _SHA256}
        told = read_table(path, columns, optional=columns.keys() - _NEEDED)
        if told.ownerless:
            log.warning("%d rows of %r tell no owner and are left out", told.ownerless, str(path))
        rows = told.rows
        if rows.is_empty():
            raise UsageError(f"{str(path)!r} has no row with an owner: name another table")
        lower = rows.with_columns(pl.col(_SHA256).str.to_lowercase())
        odd = lower.filter(~pl.col(_SHA256).str.contains(r"^[0-9a-f]{64}$"))
        if odd.height:
            raise UsageError(
                f"{str(path)!r} tells a sha256 of photo {odd['photo_id'][0]} that is none: "
                "mend or drop that column"
            )
        return cls(lower, connection)

    @property
    def words(self) -> bytes:
        """See `flickrexif.hydrating.sources.Photos`."""
        return self.rows.write_csv(quote_style="always").encode()

    def addresses(self) -> Iterable[tuple[PhotoId, str | None]]:
        """See `flickrexif.hydrating.sources.Photos`."""
        return self.rows.select("photo_id", "url").iter_rows()

    def make(self, path: Path) -> None:
        """See `flickrexif.hydrating.sources.Photos`."""
        photos = photos_of(self.rows, stored=self._stored)
        keep_each(path, photos, endpoint=self.connection.name)

    def _stored(self, url: str) -> str | None:
        return self.connection.stored_url(url) or is_image(url)
