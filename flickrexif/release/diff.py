"""What differs between two releases: photos, rows, classes, splits and words.

Ids and labels are compared by Polars, one column at a time, so that memory is bounded by a column
of the larger release. Image bytes are read only where asked, a few rows at a time, and only in
files whose digests in the manifests differ: that costs about a second of a core for each GB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif.release.contents import ReleaseFolder
from flickrexif.release.difference import AttributeDiff, ReleaseDiff
from flickrexif.release.image_digests import changed_images
from flickrexif.release.schema import PHOTOS_CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.release.contents import Contents
    from flickrexif.release.manifest import Manifest

WORDS = (
    "schema_version",
    "name",
    "kind",
    "crop",
    "interpolation",
    "mask",
    "treatment",
    "seed",
    "allow_noncommercial",
    "corpus",
)
"""The words of a manifest that say how a release was made; of `corpus` each word by itself."""


def diff(before: Path | str, after: Path | str, *, images: bool = False) -> ReleaseDiff:
    """What changed from the release folder ``before`` to ``after``.

    Image bytes are not read unless ``images`` asks for it: then the photos that both releases show
    are told whose bytes differ, by digest. Raises `UsageError` for a folder that is no release, or
    whose files are missing or damaged.
    """
    old, new = ReleaseFolder.open(before), ReleaseFolder.open(after)
    return compare(old, new, images_changed=changed_images(old, new) if images else None)


def compare(
    before: Contents, after: Contents, *, images_changed: pl.Series | None = None
) -> ReleaseDiff:
    """What changed from one release to another, without a look at pixels."""
    old, new = before.manifest, after.manifest
    were, are = before.photos("photo_id").unique(), after.photos("photo_id").unique()
    shared = [name for name in new["attributes"] if name in old["attributes"]]
    compared = {name: _attribute(before, after, name) for name in shared}
    return ReleaseDiff(
        before=old["version"],
        after=new["version"],
        photos_added=_ids(are.join(were, on="photo_id", how="anti")),
        photos_removed=_ids(were.join(are, on="photo_id", how="anti")),
        metadata_changed=_metadata_changed(before, after),
        attributes={name: one for name, one in compared.items() if one},
        attributes_added=_rows_of(new, set(new["attributes"]) - set(shared)),
        attributes_removed=_rows_of(old, set(old["attributes"]) - set(shared)),
        columns=_columns(old, new),
        words=_words(old, new),
        images_changed=images_changed,
    )


def _metadata_changed(before: Contents, after: Contents) -> dict[str, pl.Series]:
    """Column → the photos of both releases whose value in it is another."""
    both = [one.manifest["configs"].get(PHOTOS_CONFIG, {}) for one in (before, after)]
    changed = {}
    for column, feature in both[1].items():
        if column == "photo_id" or both[0].get(column) != feature:
            continue
        old, new = (one.photos("photo_id", column) for one in (before, after))
        rows = old.join(new, on="photo_id", suffix="_now")
        ids = _ids(rows.filter(pl.col(column).ne_missing(pl.col(f"{column}_now"))))
        if len(ids):
            changed[column] = ids
    return changed


def _attribute(before: Contents, after: Contents, name: str) -> AttributeDiff:
    old, new = (_by_photo(one.rows(name)) for one in (before, after))
    both = old.join(new, on="photo_id", suffix="_now")
    were, are = (one.manifest["attributes"][name]["classes"] for one in (before, after))
    return AttributeDiff(
        added=_ids(new.join(old, on="photo_id", how="anti")),
        removed=_ids(old.join(new, on="photo_id", how="anti")),
        relabelled=_ids(both.filter(pl.col("label").ne_missing(pl.col("label_now")))),
        resplit=_ids(both.filter(pl.col("split") != pl.col("split_now"))),
        classes_added=tuple(one for one in are if one not in were),
        classes_removed=tuple(one for one in were if one not in are),
        recoded=tuple(one for one in are if one in were and are.index(one) != were.index(one)),
    )


def _by_photo(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a photo; taken-over splits may share photos, and then all their splits count."""
    if rows["photo_id"].is_unique().all():
        return rows
    joined = [pl.col(name).unique().sort().str.join("+") for name in ("label", "split")]
    return rows.group_by("photo_id").agg(joined)


def _columns(old: Manifest, new: Manifest) -> dict[str, dict[str, str]]:
    found = {}
    for config in new["configs"]:
        were, are = old["configs"].get(config), new["configs"][config]
        if were is None:
            continue
        fates = {column: "added" for column in are if column not in were}
        fates |= {column: "removed" for column in were if column not in are}
        fates |= {
            column: "changed"
            for column in are
            if column in were and _without_names(are[column]) != _without_names(were[column])
        }
        if fates:
            found[config] = fates
    return found


def _without_names(feature: Mapping[str, Any]) -> dict[str, Any]:
    """A feature but for the names of its classes, which are told with their attribute."""
    return {word: value for word, value in feature.items() if word != "names"}


def _words(old: Manifest, new: Manifest) -> dict[str, tuple[Any, Any]]:
    were, are = _flat(old), _flat(new)
    return {
        word: (were.get(word), are.get(word))
        for word in {**were, **are}
        if were.get(word) != are.get(word)
    }


def _flat(manifest: Manifest) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for word in WORDS:
        value = manifest.get(word)
        if word == "corpus" and isinstance(value, dict):
            flat |= {f"corpus.{name}": one for name, one in value.items()}
        else:
            flat[word] = value
    for name, words in manifest["attributes"].items():
        flat |= {f"{name}.{word}": words.get(word) for word in ("description", "ordinal")}
    return flat


def _rows_of(manifest: Manifest, names: set[str]) -> dict[str, int]:
    return {
        name: sum(split["rows"] for split in words["splits"].values())
        for name, words in manifest["attributes"].items()
        if name in names
    }


def _ids(rows: pl.DataFrame) -> pl.Series:
    return rows["photo_id"].unique().sort()
