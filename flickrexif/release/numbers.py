"""What the rows of a release come to: the numbers that its card tells and its figures draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from flickrexif.association import contingency, cramers_v
from flickrexif.corpus.image_size import aspect_ratio, image_size
from flickrexif.release.manifest import files_of
from flickrexif.release.schema import PHOTOS_CONFIG, SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.release.manifest import Manifest

FEW = 30
"""Of fewer photos an association is not told: chance would move it too much."""
WEAK = 0.1
"""A smaller Cramér's V is not worth a sentence."""
CAMERA_NAMES = frozenset({"make", "model", "smartphone_model", "is_smartphone"})
"""Attributes that make and model alone tell: two of them go together by construction."""
IMAGE_SIZE = "image size"
CONFOUNDS = (IMAGE_SIZE, "aspect ratio", "JPEG quality", "month", "licence")
"""What is no camera trace and may go together with the classes."""


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """The photos and owners of a class, by split and in all."""

    name: str
    photos: Mapping[str, int]
    owners: Mapping[str, int]
    all_owners: int
    """Each counted once, though imported splits may share some."""

    @property
    def all_photos(self) -> int:
        """Photos of all splits; one that imported splits share counts in each."""
        return sum(self.photos.values())


@dataclass(frozen=True, slots=True)
class Pair:
    """How strongly an attribute goes together with another one or with one of `CONFOUNDS`."""

    attribute: str
    other: str
    cramers_v: float
    photos: int

    @property
    def by_construction(self) -> bool:
        """Both are names of the camera."""
        return {self.attribute, self.other} <= CAMERA_NAMES


@dataclass(frozen=True, slots=True)
class Credit:
    """What a row tells for crediting its photo."""

    photo_id: int
    page_url: str
    owner: str
    license: str
    license_url: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a release, each counted in its rows."""

    classes: Mapping[str, tuple[ClassCounts, ...]]
    """By attribute, in class order."""
    months: Mapping[str, int]
    """Photos by month taken, ascending, from the first to the last without a gap."""
    undated: int
    """Photos whose month nobody told."""
    per_owner: tuple[int, ...]
    """Photos of each owner, the most first."""
    pairs: tuple[Pair, ...]
    """Among attributes, the strongest first; of fewer than `FEW` photos and undefined ones none."""
    confounds: tuple[Pair, ...]
    """The same of attributes and `CONFOUNDS`."""
    credit: Credit
    """A row to show how a photo is credited: the first whose licence asks for it, if any does."""

    @property
    def strong_pairs(self) -> tuple[Pair, ...]:
        """The pairs of attributes that are not weak, but for those by construction."""
        return tuple(one for one in self.pairs if one.cramers_v >= WEAK and not one.by_construction)

    @property
    def by_size(self) -> tuple[Pair, ...]:
        """The attributes that go together with image size, but for the weak ones."""
        return tuple(
            one for one in self.confounds if one.cramers_v >= WEAK and one.other == IMAGE_SIZE
        )

    @property
    def share_of_busiest(self) -> float:
        """The share of the photos that the busiest tenth of owners took."""
        busiest = self.per_owner[: -(-len(self.per_owner) // 10)]
        return sum(busiest) / sum(self.per_owner)

    @property
    def fewest_owners(self) -> tuple[str, ClassCounts] | None:
        """The class with the fewest owners, and its attribute; None without attributes."""
        listed = [(name, one) for name, counts in self.classes.items() for one in counts]
        return min(listed, key=lambda named: named[1].all_owners, default=None)


def count(release: Path, manifest: Manifest) -> Numbers:
    """The `Numbers` of the parquet files of ``manifest`` in the folder ``release``."""
    photos = _photos(release, manifest)
    rows = {name: _rows(release, manifest, name) for name in manifest["attributes"]}
    months, undated = _months(photos["month"])
    per_owner = photos["owner_id"].value_counts()["count"].sort(descending=True)
    return Numbers(
        classes={
            name: _classes(rows[name], words["classes"])
            for name, words in manifest["attributes"].items()
        },
        months=months,
        undated=undated,
        per_owner=tuple(per_owner.to_list()),
        pairs=_among_attributes(rows),
        confounds=_with_confounds(rows, photos),
        credit=_credit(photos),
    )


def _photos(release: Path, manifest: Manifest) -> pl.DataFrame:
    """The photos config, with a column for each of `CONFOUNDS`, as text."""
    (files,) = files_of(PHOTOS_CONFIG, manifest).values()
    columns = ["photo_id", "page_url", "owner_id", "owner_name", "license", "license_url"]
    columns += ["month", "width", "height", "jpeg_quality"]
    table = pl.read_parquet([release / file for file in files], columns=columns, glob=False)
    return table.with_columns(
        image_size().alias(IMAGE_SIZE),
        aspect_ratio().alias("aspect ratio"),
        pl.col("jpeg_quality").cast(pl.String).alias("JPEG quality"),
        pl.col("license").alias("licence"),
    ).sort("photo_id")


def _rows(release: Path, manifest: Manifest, attribute: str) -> pl.DataFrame:
    """photo_id, owner_id, label and split of an attribute's config."""
    tables = [
        pl.read_parquet(
            [release / file for file in files],
            columns=["photo_id", "owner_id", "label"],
            glob=False,
        ).with_columns(split=pl.lit(split))
        for split, files in files_of(attribute, manifest).items()
    ]
    return pl.concat(tables)


def _classes(rows: pl.DataFrame, names: list[str]) -> tuple[ClassCounts, ...]:
    counted = rows.group_by("label", "split").agg(
        photos=pl.len(), owners=pl.col("owner_id").n_unique()
    )
    found = {(label, split): (photos, owners) for label, split, photos, owners in counted.rows()}
    all_owners = dict(rows.group_by("label").agg(pl.col("owner_id").n_unique()).iter_rows())
    return tuple(
        ClassCounts(
            name,
            photos={split: found.get((code, split), (0, 0))[0] for split in SPLITS},
            owners={split: found.get((code, split), (0, 0))[1] for split in SPLITS},
            all_owners=all_owners.get(code, 0),
        )
        for code, name in enumerate(names)
    )


def _months(months: pl.Series) -> tuple[dict[str, int], int]:
    told = months.drop_nulls()
    counted = dict(told.value_counts().iter_rows())
    if not counted:
        return {}, months.len()
    first, last = (_month_number(month) for month in (min(counted), max(counted)))
    every = (f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, last + 1))
    return {month: counted.get(month, 0) for month in every}, months.null_count()


def _month_number(month: str) -> int:
    year, of_year = month.split("-")
    return int(year) * 12 + int(of_year) - 1


def _among_attributes(rows: Mapping[str, pl.DataFrame]) -> tuple[Pair, ...]:
    found = []
    for first, second in combinations(rows, 2):
        left, right = (_once(rows[name]) for name in (first, second))
        both = left.join(right.select("photo_id", other="label"), on="photo_id")
        found.append(_pair(first, second, both["label"], both["other"]))
    return _told(found)


def _with_confounds(rows: Mapping[str, pl.DataFrame], photos: pl.DataFrame) -> tuple[Pair, ...]:
    found = []
    for name, labelled in rows.items():
        joined = _once(labelled).join(photos, on="photo_id")
        for confound in CONFOUNDS:
            known = joined.select("label", confound).drop_nulls()
            found.append(_pair(name, confound, known["label"], known[confound].rank("dense")))
    return _told(found)


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row of each photo, of those that imported splits share."""
    return rows.unique("photo_id", keep="first", maintain_order=True)


def _pair(attribute: str, other: str, left: pl.Series, right: pl.Series) -> Pair:
    codes = (series.to_numpy().astype(np.int64) for series in (left, right))
    # Rounded, since the order in which a join gives its rows may move the last digits of a sum.
    strength = round(cramers_v(contingency(*codes)), 6)
    return Pair(attribute, other, strength, left.len())


def _told(pairs: list[Pair]) -> tuple[Pair, ...]:
    kept = [one for one in pairs if one.photos >= FEW and not math.isnan(one.cramers_v)]
    return tuple(sorted(kept, key=lambda one: (-one.cramers_v, one.attribute, one.other)))


def _credit(photos: pl.DataFrame) -> Credit:
    asks = pl.col("license").str.starts_with("CC-BY")
    row = photos.sort(~asks, pl.col("owner_name").is_null(), "photo_id").row(0, named=True)
    return Credit(
        photo_id=row["photo_id"],
        page_url=row["page_url"],
        owner=row["owner_name"] or row["owner_id"],
        license=row["license"],
        license_url=row["license_url"],
    )
