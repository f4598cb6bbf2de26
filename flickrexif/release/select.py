"""Which photos and rows a release may hold, and how its classes stay balanced without the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.corpus.duplicates import duplicate_of
from flickrexif.errors import UsageError
from flickrexif.flickr.licenses import UNKNOWN, license_of
from flickrexif.release.schema import ATTRIBUTION, SPLITS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flickrexif.release.plan import BuildPlan
    from flickrexif.release.source import AttributeWords, Source

RESERVED = "all rights reserved"
UNTOLD = "licence is unknown"
NO_DERIVATIVES = "licence allows no derivatives"
NONCOMMERCIAL = "licence is noncommercial"
REMOVED = "removed since the corpus was labelled"
RELICENSED = "under another licence since the corpus was labelled"


@dataclass(frozen=True, slots=True, eq=False)
class AttributeRows:
    """The rows of one attribute's config: columns split, label (int) and photo_id, by photo_id."""

    words: AttributeWords
    classes: tuple[str, ...]
    rows: pl.DataFrame
    trimmed: int
    """Rows that were left out to keep the classes of a split equal in number."""


@dataclass(slots=True)
class Selection:
    """The photos a release may show, and what was left out for which reason."""

    photos: pl.DataFrame
    left_out: Counter[str] = field(default_factory=Counter)
    attributes_left_out: dict[str, str] = field(default_factory=dict)


def refusal(license_id: int, *, kind: str, allow_noncommercial: bool) -> str | None:
    """Why a photo of this licence may not be in a release of this kind; None when it may.

    A masked image is an adaptation, which ND licences forbid; images as fetched are verbatim
    copies; metadata are facts and links. Of a photo whose licence is unknown there is nothing else.
    """
    if license_id == UNKNOWN.id:
        return None if kind == "metadata" else UNTOLD
    terms = license_of(license_id)
    if license_id == 0 and kind != "metadata":
        return RESERVED
    if kind == "masked" and not terms.allows_derivatives:
        return NO_DERIVATIVES
    if not terms.allows_commercial and not allow_noncommercial:
        return NONCOMMERCIAL
    return None


def withdrawn(photos: pl.DataFrame, standing: Mapping[int, int]) -> dict[int, str]:
    """The photos of a photos table that may no longer be shown as it tells them, and why.

    ``standing`` are the photos that the corpus holds today with their licence ids. Those removed
    are gone for good; those under another licence come back when the corpus is labelled again.
    """
    gone = {}
    for photo_id, license_id in photos.select("photo_id", "license_id").iter_rows():
        if photo_id not in standing:
            gone[photo_id] = REMOVED
        elif standing[photo_id] != license_id:
            gone[photo_id] = RELICENSED
    return gone


def publishable(photos: pl.DataFrame, gone: Mapping[int, str], plan: BuildPlan) -> Selection:
    """The rows of ``photos`` that are not ``gone`` and whose licences fit ``plan``.

    What a row is a copy of is told anew, among the photos that are left.
    """
    left_out = Counter[str](gone.values())
    photos = photos.filter(~pl.col("photo_id").is_in(list(gone)))
    reasons = {
        license_id: refusal(
            license_id, kind=plan.kind, allow_noncommercial=plan.allow_noncommercial
        )
        for license_id in photos["license_id"].unique().to_list()
    }
    allowed = [license_id for license_id, reason in reasons.items() if reason is None]
    counts = dict(photos["license_id"].value_counts().iter_rows())
    for license_id, reason in reasons.items():
        if reason is not None:
            left_out[reason] += counts[license_id]
    kept = photos.filter(pl.col("license_id").is_in(allowed))
    if kept.is_empty():
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        raise UsageError(
            f"no photo may be in a {plan.kind!r} release: {why or 'none were crawled'}"
        )
    return Selection(kept.with_columns(duplicate_of()), left_out)


def chosen_attributes(source: Source, plan: BuildPlan) -> list[AttributeWords]:
    """The attributes that ``plan`` names; raises `UsageError` for one the corpus has not."""
    wanted = source.attributes if plan.attributes is None else plan.attributes
    if not wanted and plan.has_images:
        raise UsageError(
            f"no attribute of corpus {str(source.path)!r} can be released: "
            "crawl more months, or label it anew"
        )
    for name in wanted:
        if name not in source.attributes:
            known = ", ".join(source.attributes) or "none"
            raise UsageError(f"unknown attribute {name!r}: corpus {str(source.path)!r} has {known}")
    return [source.attributes[name] for name in source.attributes if name in wanted]


def balanced_rows(
    words: AttributeWords,
    labels: pl.DataFrame,
    usable: pl.DataFrame,
    *,
    seed: int,
    settled: Collection[int] = (),
) -> AttributeRows | str:
    """The rows of ``labels`` whose photos are ``usable``, each class equal within each split.

    Where a class has rows to spare, photos that are ``settled`` stay before others.
    A class that lost all photos of a split is dropped. Where fewer than two classes are left the
    answer is the reason why the attribute must stay out.
    """
    rows = labels.join(usable, on="photo_id").sort("photo_id")
    counts = {
        (split, label): count
        for split, label, count in rows.group_by("split", "label").len().rows()
    }
    classes = tuple(
        label for label in words.classes if all((split, label) in counts for split in SPLITS)
    )
    if len(classes) < 2:
        return f"{len(classes)} of {len(words.classes)} classes have photos in every split"
    per_class = {split: min(counts[split, label] for label in classes) for split in SPLITS}
    rows = rows.with_columns(is_new=~pl.col("photo_id").is_in(list(settled)))
    kept = _trim(rows, classes, per_class, f"{seed}:{words.name}").drop("is_new")
    codes = {label: code for code, label in enumerate(classes)}
    kept = kept.with_columns(pl.col("label").replace_strict(codes, return_dtype=pl.Int64))
    return AttributeRows(words, classes, kept, trimmed=labels.height - kept.height)


def _trim(
    rows: pl.DataFrame, classes: tuple[str, ...], per_class: Mapping[str, int], salt: str
) -> pl.DataFrame:
    """At most ``per_class[split]`` rows of each class and split: old ones, of the lowest rank."""
    rows = rows.filter(pl.col("label").is_in(classes))
    ranks = [rank_of(salt, photo_id) for photo_id in rows["photo_id"].to_list()]
    place = pl.struct("is_new", "rank").rank("ordinal").over("split", "label")
    cap = pl.col("split").replace_strict(per_class, return_dtype=pl.UInt32)
    ranked = rows.with_columns(pl.Series("rank", ranks, dtype=pl.UInt64))
    return ranked.filter(place <= cap).drop("rank")


def rank_of(salt: str, photo_id: int) -> int:
    """The seeded rank of a photo: where classes must be equal, those of the lowest ranks stay."""
    digest = blake2b(f"{salt}:{photo_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def attributed(rows: pl.DataFrame, photos: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with the columns that credit each photo."""
    return rows.join(photos.select("photo_id", *ATTRIBUTION), on="photo_id").sort("photo_id")
