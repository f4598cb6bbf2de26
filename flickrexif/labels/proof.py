"""The proof that labels are sound: what stands in two places, and what is not equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from flickrexif.labels.attributes import SPLITS

if TYPE_CHECKING:
    from collections.abc import Iterator

Flaw = Literal[
    "incomplete",
    "unknown-split",
    "photo-in-two-splits",
    "photo-in-two-classes",
    "photo-twice",
    "photo-of-two-owners",
    "owner-in-two-splits",
    "unequal-classes",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which the labels of an attribute are unsound; ``str`` is a line for people.

    ``count`` photos, owners, rows or splits are concerned, and ``words`` name one of them.
    """

    attribute: str
    flaw: Flaw
    count: int
    words: str

    def __str__(self) -> str:
        return f"{self.attribute}: {self.words}"


def prove(labels: pl.DataFrame) -> list[Fault]:
    """What is wrong with ``labels`` (attribute, photo_id, owner_id, label, split); [] if nothing.

    Per attribute: every row is whole and of a known split; no photo stands in two splits, in two
    classes, twice in the same, or under two owners; no owner stands in two splits; every class is
    there equally often in each split. Without owner_id, or where it is null, owners prove nothing.
    """
    return [
        fault
        for (name,), rows in labels.group_by("attribute", maintain_order=True)
        for fault in _faults(str(name), rows)
    ]


def _faults(name: str, rows: pl.DataFrame) -> Iterator[Fault]:
    yield from _bad_rows(name, rows)
    photos = rows.drop_nulls("photo_id").group_by("photo_id")
    in_splits = _several(photos, "split")
    yield from _told(name, "photo-in-two-splits", in_splits, "photo {!r} stands in two splits")
    in_classes = _several(photos, "label")
    yield from _told(name, "photo-in-two-classes", in_classes, "photo {!r} stands in two classes")
    alike = rows.select("photo_id", "label", "split")
    twice = alike.filter(alike.is_duplicated())["photo_id"].unique().sort()
    yield from _told(name, "photo-twice", twice, "photo {!r} stands twice in a class of a split")
    if "owner_id" in rows.columns:
        of_two = _several(photos, "owner_id")
        yield from _told(name, "photo-of-two-owners", of_two, "photo {!r} has two owners")
        astride = _several(rows.drop_nulls("owner_id").group_by("owner_id"), "split")
        yield from _told(name, "owner-in-two-splits", astride, "owner {!r} stands in two splits")
    yield from _unequal(name, rows)


def _bad_rows(name: str, rows: pl.DataFrame) -> Iterator[Fault]:
    needed = ("photo_id", "label", "split")
    bare = rows.filter(pl.any_horizontal(pl.col(needed).is_null()))
    if bare.height:
        yield Fault(name, "incomplete", bare.height, f"{bare.height} rows lack an id or a word")
    strange = rows["split"].drop_nulls().unique().sort()
    strange = strange.filter(~strange.is_in(SPLITS))
    yield from _told(name, "unknown-split", strange, "split {!r} is none of the three")


def _several(groups: pl.dataframe.group_by.GroupBy, column: str) -> pl.Series:
    """The keys, ascending, of the groups with more than one value of ``column``, nulls aside."""
    counted = groups.agg(pl.col(column).drop_nulls().n_unique())
    return counted.filter(pl.col(column) > 1).to_series().sort()


def _told(name: str, flaw: Flaw, found: pl.Series, words: str) -> Iterator[Fault]:
    if len(found):
        more = f" ({len(found)} such)" if len(found) > 1 else ""
        yield Fault(name, flaw, len(found), words.format(found[0]) + more)


def _unequal(name: str, rows: pl.DataFrame) -> Iterator[Fault]:
    counted = rows.drop_nulls(["label", "split"]).group_by("split", "label").len()
    classes = counted["label"].n_unique()
    by_split = counted.group_by("split").agg(
        pl.len().alias("classes"), pl.col("len").min().alias("least"), pl.col("len").max()
    )
    uneven = (pl.col("classes") != classes) | (pl.col("least") != pl.col("len"))
    faulty = by_split.filter(uneven).sort("split")
    for split, present, least, most in faulty.head(1).iter_rows():
        words = (
            f"split {split!r} has {least} to {most} photos of a class"
            if present == classes
            else f"split {split!r} has only {present} of {classes} classes"
        )
        more = f" ({faulty.height} such splits)" if faulty.height > 1 else ""
        yield Fault(name, "unequal-classes", faulty.height, words + more)
