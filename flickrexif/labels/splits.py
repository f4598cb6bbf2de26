"""Balanced splits of photos whose owners have a split each."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from flickrexif.labels.assign import Holdings, assign, photo_places, place
from flickrexif.labels.attributes import SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.labels.assign import Shares
    from flickrexif.labels.attributes import Split

_PLACE = ("photo_place", "photo_id")


def with_places(photos: pl.DataFrame, seed: int) -> pl.DataFrame:
    """``photos`` (columns photo_id, owner_id) with owner_place and photo_place.

    Places depend on the seed and the id alone, and are the same for every attribute.
    """
    owners = photos["owner_id"].unique(maintain_order=True)
    by_owner = pl.DataFrame(
        {"owner_id": owners, "owner_place": [place(seed, "owner", owner) for owner in owners]},
        schema_overrides={"owner_place": pl.Float64},
    )
    photo_place = pl.Series("photo_place", photo_places(seed, photos["photo_id"].to_numpy()))
    return photos.with_columns(photo_place).join(
        by_owner, on="owner_id", how="left", maintain_order="left"
    )


def with_splits(rows: pl.DataFrame, shares: Shares) -> pl.DataFrame:
    """``rows`` (owner_id, owner_place, label) with the split of each row's owner.

    With a column ``photos``, a row stands for so many photos.
    """
    photos = pl.col("photos").sum() if "photos" in rows.columns else pl.len()
    owners = (
        rows.select("owner_id", "owner_place")
        .unique()
        .sort("owner_place", "owner_id")
        .with_row_index("owner")
    )
    held = (
        rows.group_by("owner_id", "label")
        .agg(photos=photos)
        .join(owners, on="owner_id")
        .select("owner", pl.col("label").rank("dense") - 1, "photos")
        .sort("owner", "label")
    )
    codes = assign(
        Holdings(*(held[name].to_numpy().astype(np.int64) for name in held.columns)),
        owners["owner_place"].to_numpy(),
        shares,
    )
    splits = pl.DataFrame({"owner_id": owners["owner_id"], "split": [SPLITS[c] for c in codes]})
    return rows.join(splits, on="owner_id", how="left", maintain_order="left")


def balance(rows: pl.DataFrame, most: Mapping[Split, int | None]) -> pl.DataFrame:
    """``rows`` (photo_id, owner_id, label, split, photo_place) with equal classes in each split.

    A class gives as many photos as the smallest one in that split has, at most ``most``; its
    owners take turns, in the order of their photos' places.

    With a column ``stratum``, finer than label, a class gives equally many of each of its strata in
    the split, so that it has no more to give than its smallest stratum times their number. The
    published Flash is such: six of Flickr's strings, three to a class. Who wants no rare stratum to
    decide leaves its rows out before.
    """
    parts = [rows.filter(pl.col("split") == split) for split in SPLITS]
    kept = [_balanced(part, most[split]) for split, part in zip(SPLITS, parts, strict=True)]
    return pl.concat(kept).sort("photo_id")


def level(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` (attribute, photo_id, label, split, photo_place), classes cut to equal numbers.

    For labels that have lost photos: in each split of an attribute a class keeps as many as the
    smallest one has left, those of the lowest places. A class that has none left in a split leaves
    the attribute. The order of rows is kept.
    """
    splits = pl.col("split").n_unique()
    whole = rows.filter(splits.over("attribute", "label") == splits.over("attribute"))
    size = pl.len().over("attribute", "split", "label")
    rank = pl.struct(*_PLACE).rank("ordinal").over("attribute", "split", "label")
    return (
        whole.with_columns(size=size, rank=rank)
        .filter(pl.col("rank") <= pl.col("size").min().over("attribute", "split"))
        .drop("size", "rank")
    )


def _balanced(rows: pl.DataFrame, most: int | None) -> pl.DataFrame:
    """The rows of one split, balanced."""
    strata = ["label", "stratum"] if "stratum" in rows.columns else ["label"]
    turn = pl.int_range(pl.len()).over(*strata, "owner_id")
    in_turns = rows.sort(*_PLACE).with_columns(turn=turn)
    share = pl.col("label").replace_strict(_shares(rows.group_by(*strata).len(), most))
    rank = pl.col("turn").rank("ordinal").over(*strata)  # of equal turns the lower place is first
    return in_turns.filter(rank <= share).drop("turn")


def _shares(sizes: pl.DataFrame, most: int | None) -> dict[str, int]:
    """Class → how many photos each of its strata gives, from the strata's sizes in a split."""
    classes = sizes.group_by("label").agg(pl.len().alias("strata"), pl.col("len").min())
    take = min((strata * least for _, strata, least in classes.iter_rows()), default=0)
    take = take if most is None else min(take, most)
    take -= take % lcm(*classes["strata"])
    return {label: take // strata for label, strata, _ in classes.iter_rows()}
