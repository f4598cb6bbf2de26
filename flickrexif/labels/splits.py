"""Balanced splits of photos whose owners have a split each, and the proof that they are sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flickrexif.labels.assign import assign, place
from flickrexif.labels.attributes import SPLITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flickrexif.labels.assign import Shares
    from flickrexif.labels.attributes import Split


def with_places(photos: pl.DataFrame, seed: int) -> pl.DataFrame:
    """``photos`` (columns photo_id, owner_id) with owner_place and photo_place.

    Places depend on the seed and the id alone, and are the same for every attribute.
    """
    owners = photos["owner_id"].unique(maintain_order=True)
    by_owner = pl.DataFrame(
        {"owner_id": owners, "owner_place": [place(seed, "owner", owner) for owner in owners]},
        schema_overrides={"owner_place": pl.Float64},
    )
    photo_places = [place(seed, "photo", photo) for photo in photos["photo_id"]]
    return photos.with_columns(pl.Series("photo_place", photo_places, pl.Float64)).join(
        by_owner, on="owner_id", how="left", maintain_order="left"
    )


def with_splits(rows: pl.DataFrame, shares: Shares) -> pl.DataFrame:
    """``rows`` (owner_id, owner_place, label) with the split of each row's owner."""
    owners = (
        rows.group_by("owner_id", "owner_place")
        .agg((pl.col("label") == label).sum().alias(label) for label in _classes(rows))
        .sort("owner_place", "owner_id")
    )
    photos = owners.drop("owner_id", "owner_place").cast(pl.Int64).to_numpy()
    codes = assign(photos, owners["owner_place"].to_numpy(), shares)
    splits = pl.DataFrame({"owner_id": owners["owner_id"], "split": [SPLITS[c] for c in codes]})
    return rows.join(splits, on="owner_id", how="left", maintain_order="left")


def balance(rows: pl.DataFrame, most: Mapping[Split, int | None]) -> pl.DataFrame:
    """``rows`` (photo_id, owner_id, label, split, photo_place) with equal classes in each split.

    A class gives as many photos as the smallest one in that split has, at most ``most``; its
    owners take turns, in the order of their photos' places.
    """
    kept = [_balanced(rows.filter(pl.col("split") == split), most[split]) for split in SPLITS]
    return pl.concat(kept).sort("photo_id")


def prove(labels: pl.DataFrame) -> list[str]:
    """What is wrong with ``labels`` (attribute, photo_id, owner_id, label, split); [] if nothing.

    Per attribute: no photo twice, no owner in two splits, every class equally often in each split.
    """
    return [
        f"{name}: {fault}"
        for (name,), rows in labels.group_by("attribute", maintain_order=True)
        for fault in _faults(rows)
    ]


def _classes(rows: pl.DataFrame) -> list[str]:
    return rows["label"].unique().sort().to_list()


def _balanced(rows: pl.DataFrame, most: int | None) -> pl.DataFrame:
    counts = rows["label"].value_counts()["count"].to_list()
    take = min(counts, default=0)
    take = take if most is None else min(take, most)
    turn = pl.col("photo_place").rank("ordinal").over("label", "owner_id")
    ranked = rows.with_columns(turn=turn).sort("label", "turn", "photo_place", "photo_id")
    return ranked.group_by("label", maintain_order=True).head(take).drop("turn")


def _faults(rows: pl.DataFrame) -> Iterator[str]:
    twice = rows.filter(pl.col("photo_id").is_duplicated())["photo_id"].unique().sort()
    if len(twice):
        yield f"photo {twice[0]!r} stands twice ({len(twice)} such photos)"
    spread = rows.group_by("owner_id").agg(splits=pl.col("split").n_unique()).sort("owner_id")
    astride = spread.filter(pl.col("splits") > 1)["owner_id"]
    if len(astride):
        yield f"owner {astride[0]!r} stands in two splits ({len(astride)} such owners)"
    classes = rows["label"].n_unique()
    for split in sorted(rows["split"].unique()):
        counts = rows.filter(pl.col("split") == split)["label"].value_counts()["count"].to_list()
        if len(set(counts)) > 1 or len(counts) != classes:
            sizes = f"{min(counts)} to {max(counts)} photos"
            yield f"split {split!r} has {sizes} of {len(counts)} among {classes} classes"
