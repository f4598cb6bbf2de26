"""What differs between two releases of pairs: pairs, what is told of them, columns and words."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif.release.schema import PAIRS
from paircams.releasing.difference import PairsDiff
from paircams.releasing.files import read_rows
from paircams.releasing.folder import PairsFolder

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from flickrexif.release.manifest import Manifest

WORDS = ("schema_version", "name", "pixels", "mask", "crop", "synthetic")
"""The words of a manifest that say how a release was made; and the profile of validation."""
_ROW = ["pair_id", "camera_class"]
_DIGEST_BYTES = 16


def diff(
    before: str | os.PathLike[str], after: str | os.PathLike[str], *, images: bool = False
) -> PairsDiff:
    """What changed from the release folder ``before`` to ``after``.

    Image bytes are not read unless ``images`` asks for it: then the pairs that both releases show
    are told whose bytes differ, by digest. Raises `UsageError` for a folder that is no release of
    pairs, or whose files are missing or damaged.
    """
    old, new = (PairsFolder.open(release, command="diff") for release in (before, after))
    found = compare(old.manifest, old.rows(), new.manifest, new.rows())
    return replace(found, images_changed=_changed_images(old, new)) if images else found


def compare(before: Manifest, old: pl.DataFrame, after: Manifest, new: pl.DataFrame) -> PairsDiff:
    """What changed from the manifest ``before`` with its rows ``old`` to ``after`` with ``new``.

    Of the rows those columns are compared that both have.
    """
    return PairsDiff(
        before=str(before["version"]),
        after=str(after["version"]),
        pairs_added=_pairs(new.join(old, on="pair_id", how="anti")),
        pairs_removed=_pairs(old.join(new, on="pair_id", how="anti")),
        metadata_changed=_metadata_changed(old, new),
        columns=dict(_columns(before["configs"][PAIRS], after["configs"][PAIRS])),
        words=_words(before, after),
    )


def _pairs(rows: pl.DataFrame) -> dict[str, str]:
    return dict(rows.select("pair_id", "subject_idx").unique().sort("subject_idx").iter_rows())


def _metadata_changed(old: pl.DataFrame, new: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    both = old.join(new, on=_ROW, suffix="_now")
    columns = [name for name in old.columns if name in new.columns and name not in (*_ROW, "file")]
    changed = {
        name: both.filter(pl.col(name).ne_missing(pl.col(f"{name}_now")))["pair_id"]
        for name in columns
    }
    return {name: tuple(ids.unique().sort()) for name, ids in changed.items() if len(ids)}


def _columns(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, "added") for name in new if name not in old)
    yield from ((name, "removed") for name in old if name not in new)
    yield from ((name, "changed") for name in new if name in old and old[name] != new[name])


def _words(old: Manifest, new: Manifest) -> dict[str, tuple[Any, Any]]:
    pairs = {word: (old.get(word), new.get(word)) for word in WORDS}
    profiles = (old["validated"].get("profile"), new["validated"].get("profile"))
    pairs["validated.profile"] = profiles
    return {word: both for word, both in pairs.items() if both[0] != both[1]}


def _changed_images(before: PairsFolder, after: PairsFolder) -> tuple[str, ...]:
    """The pairs, sorted, that both releases show by other bytes.

    Files that are the same by the digests of both manifests are not opened. The digest is BLAKE2b
    of 16 bytes (RFC 7693).
    """
    old, new = dict(_digests(before, after)), dict(_digests(after, before))
    changed = {row[0] for row, digest in new.items() if row in old and old[row] != digest}
    return tuple(sorted(changed))


def _digests(release: PairsFolder, other: PairsFolder) -> Iterator[tuple[tuple[str, str], bytes]]:
    """(pair_id, camera_class) and digest of the images in files that ``other`` does not have."""
    same = {described["sha256"] for described in other.manifest["files"].values()}
    for name in release.files:
        if release.manifest["files"][name]["sha256"] in same:
            continue
        for row in read_rows(release.path / name, [*_ROW, "image"]):
            content = (row["image"] or {}).get("bytes") or b""
            digest = blake2b(content, digest_size=_DIGEST_BYTES).digest()
            yield (row["pair_id"], row["camera_class"]), digest
