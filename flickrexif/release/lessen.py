"""The rows of an attribute without some photos: classes stay equal, and few files change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.release.schema import SPLITS
from flickrexif.release.select import rank_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, slots=True, eq=False)
class Lessened:
    """What is left of an attribute: classes in order, and rows (photo_id, label, split, file).

    ``label`` is the number of the class among ``classes``.
    """

    classes: tuple[str, ...]
    rows: pl.DataFrame
    further: int
    """Rows that left though their photo stays, so that classes are equal in number."""


def lessen(
    rows: pl.DataFrame, gone: Collection[int], classes: Sequence[str], *, salt: str
) -> Lessened | str:
    """``rows`` without the photos that are ``gone``, or why the attribute cannot stay.

    A class that lost all photos of a split is dropped. In each split the others keep as many rows
    as the smallest has left, which is the most that leaves them equal. Rows that leave for it are
    taken from the files that change anyway where they have some, then from the first ones; within
    a file those of the highest rank (see `rank_of`), as a build does.
    """
    left = rows.filter(~pl.col("photo_id").is_in(list(gone)))
    if left.height == rows.height:
        return Lessened(tuple(classes), rows, 0)
    counts = {(split, code): n for split, code, n in left.group_by("split", "label").len().rows()}
    codes = [
        code for code in range(len(classes)) if all((split, code) in counts for split in SPLITS)
    ]
    if len(codes) < 2:
        return f"{len(codes)} of {len(classes)} classes have photos in every split"
    least = {split: min(counts[split, code] for code in codes) for split in SPLITS}
    changing = set(rows.join(left, on=["photo_id", "file"], how="anti")["file"])
    if len(codes) < len(classes):
        changing = set(rows["file"])
    kept = _capped(left.filter(pl.col("label").is_in(codes)), least, changing, salt)
    renumbered = dict(zip(codes, range(len(codes)), strict=True))
    kept = kept.with_columns(pl.col("label").replace_strict(renumbered, return_dtype=pl.Int64))
    return Lessened(tuple(classes[code] for code in codes), kept, left.height - kept.height)


def _capped(
    rows: pl.DataFrame, least: dict[str, int], changing: set[str], salt: str
) -> pl.DataFrame:
    """At most ``least`` rows of each class of a split, in the order of ``rows``."""
    ranks = [rank_of(salt, photo_id) for photo_id in rows["photo_id"].to_list()]
    size = pl.len().over("split", "label")
    surplus = size - pl.col("split").replace_strict(least, return_dtype=pl.UInt32)
    return (
        rows.with_row_index("place")
        .with_columns(
            stays=~pl.col("file").is_in(list(changing)),
            rank=pl.Series(ranks, dtype=pl.UInt64),
            surplus=surplus.cast(pl.Int64),
        )
        .sort("stays", "file", "rank", descending=[False, False, True])
        .with_columns(turn=pl.int_range(pl.len()).over("split", "label"))
        .filter(pl.col("turn") >= pl.col("surplus"))
        .sort("place")
        .select(rows.columns)
    )
