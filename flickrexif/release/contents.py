"""What a release holds besides pixels, as comparisons read it: photos, and the rows of attributes.

The same words serve a release on disk and one that is being made, whose files are not written yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.errors import UsageError
from flickrexif.release.checks.shape import check_shape
from flickrexif.release.manifest import files_of, read_manifest, refuse_pairs
from flickrexif.release.schema import PHOTOS_CONFIG, TREATED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flickrexif.release.manifest import Manifest


class Contents(Protocol):
    """What `diff` reads of a release."""

    @property
    def manifest(self) -> Manifest:
        """The manifest; its files may be missing."""

    def photos(self, *columns: str) -> pl.DataFrame:
        """These columns of the photos table."""

    def rows(self, attribute: str) -> pl.DataFrame:
        """photo_id, label (its class by name) and split of each row of an attribute."""


@dataclass(frozen=True, slots=True)
class ReleaseFolder:
    """The contents of the release in the folder ``path``, read column by column."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path | str) -> ReleaseFolder:
        """Read the manifest; raises `UsageError` where there is none or it cannot be understood."""
        path = Path(path)
        manifest = read_manifest(path)
        refuse_pairs(manifest, path)
        for fault in check_shape(manifest):
            raise UsageError(
                f"{str(path)!r} cannot be read ({fault.file}: {fault.message}): "
                "see `flickrexif verify`"
            )
        return cls(path, manifest)

    @property
    def version(self) -> str:
        """The version of the release."""
        return str(self.manifest["version"])

    def photos(self, *columns: str) -> pl.DataFrame:
        """These columns of the photos table; of a treated set those of its images."""
        if self.manifest["kind"] != TREATED:
            return self.table(PHOTOS_CONFIG, *columns).drop("split", "file")
        (config,) = self.manifest["configs"]
        return self.table(config, *columns).drop("split", "file")

    def rows(self, attribute: str) -> pl.DataFrame:
        """photo_id, label (its class by name) and split of each row of an attribute."""
        rows = self.table(attribute, "photo_id", "label").drop("file")
        return rows.with_columns(named(self.manifest["attributes"][attribute]["classes"]))

    def owners(self, attribute: str) -> dict[str, str]:
        """Owner → the split of an attribute they are in; owners in several splits are not told."""
        seen = self.table(attribute, "owner_id").select("owner_id", "split").unique()
        alone = seen.filter(~pl.col("owner_id").is_duplicated())
        return dict(alone.iter_rows())

    def table(self, config: str, *columns: str) -> pl.DataFrame:
        """These columns of a config's rows, with their split and the name of their file.

        Raises `UsageError` for a file that is missing or damaged.
        """
        parts = []
        for split, names in files_of(config, self.manifest).items():
            for name in names:
                try:
                    part = pl.read_parquet(self.path / name, columns=list(columns), glob=False)
                except (pl.exceptions.PolarsError, OSError) as error:
                    raise self._damaged(name, error) from error
                parts.append(part.with_columns(split=pl.lit(split), file=pl.lit(name)))
        return pl.concat(parts)

    def batches(self, file: str, *columns: str, rows: int) -> Iterator[pa.RecordBatch]:
        """A file's columns in batches of ``rows``; raises as `table` does."""
        try:
            with pq.ParquetFile(self.path / file) as parquet:
                yield from parquet.iter_batches(rows, columns=list(columns))
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(file, error) from error

    def _damaged(self, file: str, error: Exception) -> UsageError:
        return UsageError(
            f"{str(self.path / file)!r} is missing or damaged ({type(error).__name__}): "
            "see `flickrexif verify`"
        )


@dataclass(frozen=True, slots=True, eq=False)
class RowsInMemory:
    """The contents of a release that is being made."""

    manifest: Manifest
    photos_table: pl.DataFrame
    attributes: Mapping[str, pl.DataFrame]
    """Attribute → its rows: photo_id, label (the number of its class) and split."""

    def photos(self, *columns: str) -> pl.DataFrame:
        """These columns of the photos table."""
        return self.photos_table.select(columns)

    def rows(self, attribute: str) -> pl.DataFrame:
        """photo_id, label (its class by name) and split of each row of an attribute."""
        rows = self.attributes[attribute].select("photo_id", "label", "split")
        return rows.with_columns(named(self.manifest["attributes"][attribute]["classes"]))


def named(classes: list[str]) -> pl.Expr:
    """The column label as names of these classes; null for a number that is none of theirs."""
    names = dict(enumerate(classes))
    return pl.col("label").replace_strict(names, default=None, return_dtype=pl.String)
