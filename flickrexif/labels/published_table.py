"""The table of photos that the published FlickrExif consists of, as CSV, JSON lines or parquet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

ID = "Flickr ID"
OWNERS: Mapping[str, str] = {ID: "photo_id", "owner": "owner_id"}
COLUMNS: Mapping[str, str] = {
    **OWNERS,
    "url": "url",
    "Make": "make",
    "Model": "model",
    "Exposure": "exposure",
    "Aperture": "aperture",
    "ISO Speed": "iso_speed",
    "Focal Length": "focal_length",
}
"""Published column → our name. Blanks in names are the published ones."""
_READERS = {
    ".csv": lambda path: pl.read_csv(path, infer_schema=False),
    ".jsonl": lambda path: pl.read_ndjson(path, infer_schema_length=None),
    ".parquet": lambda path: pl.read_parquet(path, glob=False),
}


@dataclass(frozen=True, slots=True, eq=False)
class PublishedTable:
    """The rows of a table, each photo once, by photo_id: names as in `COLUMNS`, all but it texts.

    ``repeated`` rows told a photo again, ``ownerless`` ones told no owner; they are left out.
    """

    rows: pl.DataFrame
    repeated: int
    ownerless: int


def read_table(
    path: Path, columns: Mapping[str, str] = COLUMNS, *, optional: Collection[str] = ()
) -> PublishedTable:
    """The table at ``path`` (``.csv``, ``.jsonl`` or ``.parquet``), other columns left out.

    Rows without any value are passed. Columns that are ``optional`` and not there are null. Texts
    are cut at the first NUL and stripped, blank ones are null. Raises `UsageError` for a file that
    cannot be read, that lacks a column or has an id that is none, and for a photo that is told with
    two owners.
    """
    found = _read(path)
    missing = [name for name in columns if name not in found.columns]
    needed = [name for name in columns if name not in optional]
    for name in missing:
        if name in needed:
            raise UsageError(
                f"{str(path)!r} has no column {name!r}: "
                f"name a table with the columns {', '.join(needed)}"
            )
    found = found.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    bare = pl.all().cast(pl.String).str.replace(r"(?s)\x00.*$", "")
    texts = bare.str.strip_chars().replace("", None)
    rows = found.select(pl.col(old).alias(new) for old, new in columns.items()).select(texts)
    blank = found.select(pl.all_horizontal(pl.all().is_null())).to_series()
    rows = rows.with_columns(_ids(rows["photo_id"], blank, path)).filter(~blank)
    owned = rows.drop_nulls("owner_id")
    _refuse_two_owners(owned, path)
    once = owned.unique("photo_id", keep="first", maintain_order=True).sort("photo_id")
    return PublishedTable(once, owned.height - once.height, rows.height - owned.height)


def _read(path: Path) -> pl.DataFrame:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(
            f"{str(path)!r} is no table that can be read: name a file in {', '.join(_READERS)}"
        )
    try:
        return reader(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{str(path)!r} cannot be read ({why}): name another table") from error


def _ids(texts: pl.Series, blank: pl.Series, path: Path) -> pl.Series:
    """The ids that ``texts`` tell; null where the row is ``blank``, such as an empty line."""
    digits = pl.when(texts.str.contains(r"^[1-9]\d{0,18}$")).then(texts)
    ids = pl.select(digits.cast(pl.Int64, strict=False).alias("photo_id")).to_series()
    odd = ids.is_null() & ~blank
    if odd.any():
        row = int(odd.arg_max() or 0)
        raise UsageError(
            f"{str(path)!r} has no photo id but {texts[row]!r} in column {ID!r} of row {row + 1}: "
            "mend or drop that row"
        )
    return ids


def _refuse_two_owners(rows: pl.DataFrame, path: Path) -> None:
    owners = rows.group_by("photo_id").agg(pl.col("owner_id").n_unique())
    of_two = owners.filter(pl.col("owner_id") > 1)["photo_id"].sort()
    if len(of_two):
        raise UsageError(
            f"{str(path)!r} tells two owners of photo {of_two[0]} ({len(of_two)} such photos): "
            "mend the table"
        )
