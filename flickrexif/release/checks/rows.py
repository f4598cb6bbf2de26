"""Rules on rows: labels in range, splits without a common photo or owner, every photo credited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.errors import UsageError
from flickrexif.flickr.licenses import FORBIDDING, license_of
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST, files_of
from flickrexif.release.schema import PHOTOS_CONFIG, Config
from flickrexif.release.select import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.release.manifest import Manifest

_CREDITS = ("photo_id", "owner_id", "license", "license_url", "page_url")
_SHOWN = 3


def read_rows(release: Path, manifest: Manifest, config: str) -> pl.DataFrame | None:
    """All rows of a config without its images, with columns split and file; None if unreadable.

    Why they are unreadable is told by the rules on files and columns.
    """
    expected = Config(config, manifest["configs"][config]).arrow_schema()
    columns = [name for name in expected.names if name != "image"]
    tables = []
    for split, files in files_of(config, manifest).items():
        for file in files:
            try:
                if not pq.read_schema(release / file).equals(expected):
                    return None
                rows = pl.DataFrame(pl.from_arrow(pq.read_table(release / file, columns=columns)))
            except (pa.ArrowException, OSError):
                return None
            tables.append(rows.with_columns(split=pl.lit(split), file=pl.lit(file)))
    return pl.concat(tables) if tables else None


def check_rows(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """All rules on the rows of every config; unreadable ones are left to the rules on files."""
    photos = read_rows(release, manifest, PHOTOS_CONFIG)
    if photos is not None:
        yield from _check_photos(photos, manifest)
    for name, words in manifest["attributes"].items():
        rows = read_rows(release, manifest, name)
        if rows is None:
            continue
        yield from _check_credits(rows)
        yield from _check_labels(rows, len(words["classes"]))
        yield from _check_disjoint(rows, name)
        yield from _check_balance(rows, name, words)
        if photos is not None:
            yield from _check_known(rows, photos)


def check_treated_rows(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """The rules that hold for any images: labels in range, splits apart, counts, licences."""
    for name in manifest["configs"]:
        rows = read_rows(release, manifest, name)
        if rows is None:
            continue
        yield from _check_disjoint(rows, name)
        forbidding = pl.col("license").is_in(sorted(FORBIDDING))
        for file, ids in by_file(rows.filter(forbidding)):
            yield Finding("license", file, f"licence allows no changed copies: {ids}")
        if words := manifest["attributes"].get(name):
            yield from _check_labels(rows.drop_nulls("label"), len(words["classes"]))
            yield from _check_counts(rows, name, words)
            yield from _check_class_counts(rows, name, words)
        if before := manifest["configs"][name].get("source_label"):
            told = rows.drop_nulls("source_label").with_columns(label=pl.col("source_label"))
            yield from _check_labels(told, len(before["names"]))


def _check_photos(photos: pl.DataFrame, manifest: Manifest) -> Iterator[Finding]:
    yield from _check_credits(photos)
    yield from _check_duplicates(photos)
    counted = {"rows": photos.height, "owners": photos["owner_id"].n_unique()}
    if counted != manifest["photos"]:
        yield Finding("counts", MANIFEST, f"photos are {manifest['photos']}, found {counted}")
    for (license_id,), rows in photos.group_by("license_id", maintain_order=True):
        for file, ids in by_file(rows):
            reason = _license_fault(license_id, rows["license"], manifest)
            if reason is not None:
                yield Finding("license", file, f"{reason}: {ids}")


def _license_fault(license_id: object, names: pl.Series, manifest: Manifest) -> str | None:
    """Why photos of this licence id, called ``names``, may not be in the release."""
    if not isinstance(license_id, int):
        return "no license_id"
    try:
        spdx = license_of(license_id).spdx
    except UsageError as error:
        return str(error)
    if not (names == spdx).all():
        return f"license_id {license_id} is {spdx}, not {_some(names)}"
    terms = {"kind": manifest["kind"], "allow_noncommercial": manifest["allow_noncommercial"]}
    return refusal(license_id, **terms)


def _check_credits(rows: pl.DataFrame) -> Iterator[Finding]:
    for column in _CREDITS:
        empty = pl.col(column).is_null() | (pl.col(column).cast(pl.String) == "")
        for file, ids in by_file(rows.filter(empty)):
            yield Finding("attribution", file, f"no {column} in: {ids}")


def _check_labels(rows: pl.DataFrame, classes: int) -> Iterator[Finding]:
    wrong = ~pl.col("label").is_between(0, classes - 1) | pl.col("label").is_null()
    for file, ids in by_file(rows.filter(wrong)):
        yield Finding("label-range", file, f"label outside 0..{classes - 1} of: {ids}")


def _check_disjoint(rows: pl.DataFrame, config: str) -> Iterator[Finding]:
    yield from _check_duplicates(rows)
    for column, rule in (("photo_id", "photo-in-two-splits"), ("owner_id", "owner-in-two-splits")):
        shared = rows.group_by(column).agg(pl.col("split").n_unique()).filter(pl.col("split") > 1)
        if shared.height:
            message = f"{shared.height} in more than one split: {_some(shared[column])}"
            yield Finding(rule, config, message)


def _check_duplicates(rows: pl.DataFrame) -> Iterator[Finding]:
    twice = rows.filter(pl.struct("photo_id", "split").is_duplicated())
    for file, ids in by_file(twice):
        yield Finding("duplicate-photo", file, f"twice in a split: {ids}")


def _check_balance(rows: pl.DataFrame, config: str, words: dict[str, Any]) -> Iterator[Finding]:
    yield from _check_counts(rows, config, words)
    for split in words["splits"]:
        of_split = rows.filter(pl.col("split") == split)
        counts = of_split["label"].value_counts()["count"]
        if counts.n_unique() > 1 or counts.len() != len(words["classes"]):
            some = f"{sorted(counts.to_list())} rows in {counts.len()} classes"
            yield Finding("class-balance", f"{config}/{split}", f"classes are not equal: {some}")


def _check_counts(rows: pl.DataFrame, config: str, words: dict[str, Any]) -> Iterator[Finding]:
    for split, told in words["splits"].items():
        found = rows.filter(pl.col("split") == split).height
        if found != told["rows"]:
            message = f"{config} {split} is said to have {told['rows']} rows, has {found}"
            yield Finding("counts", MANIFEST, message)


def _check_class_counts(
    rows: pl.DataFrame, config: str, words: dict[str, Any]
) -> Iterator[Finding]:
    """``counts`` of each class, which the card tells; classes need not be equal."""
    for split, told in words["splits"].items():
        of_split = rows.filter(pl.col("split") == split).drop_nulls("label")
        counted = dict(of_split["label"].value_counts().iter_rows())
        found = {name: counted.get(code, 0) for code, name in enumerate(words["classes"])}
        if found != told["classes"]:
            message = f"{config} {split} is said to have {told['classes']}, has {found}"
            yield Finding("counts", MANIFEST, message)


def _check_known(rows: pl.DataFrame, photos: pl.DataFrame) -> Iterator[Finding]:
    """Rows are of photos told, credited as there, and of no photo whose bytes another has.

    ``unknown-photo``, ``attribution`` and ``copied-photo``.
    """
    for file, ids in by_file(rows.join(photos, on="photo_id", how="anti")):
        yield Finding("unknown-photo", file, f"not in the photos config: {ids}")
    both = rows.join(photos, on="photo_id", suffix="_told")
    for column in _CREDITS[1:]:
        for file, ids in by_file(both.filter(pl.col(column) != pl.col(f"{column}_told"))):
            yield Finding("attribution", file, f"{column} is not that of the photo: {ids}")
    if "duplicate_of" in both.columns:  # releases made before copies were told have none
        for file, ids in by_file(both.filter(pl.col("duplicate_of").is_not_null())):
            yield Finding("copied-photo", file, f"has the bytes of another photo: {ids}")


def by_file(rows: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Each file that has one of ``rows``, and some of the photos concerned."""
    for (file,), of_file in rows.group_by("file", maintain_order=True):
        yield str(file), _some(of_file["photo_id"])


def _some(values: pl.Series) -> str:
    listed = sorted({str(value) for value in values})
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
