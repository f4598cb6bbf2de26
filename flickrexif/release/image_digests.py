"""Which photos show other image bytes in another release, told by a digest for each photo."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.release.manifest import files_of
from flickrexif.release.schema import Config

if TYPE_CHECKING:
    from flickrexif.release.contents import ReleaseFolder

_ROWS_AT_ONCE = 32
_DIGEST_BYTES = 16


def changed_images(before: ReleaseFolder, after: ReleaseFolder) -> pl.Series:
    """The photos, sorted, that both releases show in the same config and by other bytes.

    Files that are the same by the digests of both manifests are not opened. The digest is BLAKE2b
    of 16 bytes (RFC 7693).
    """
    changed: set[int] = set()
    for name, features in after.manifest["configs"].items():
        config = Config(name, features)
        if name not in before.manifest["configs"] or not config.has_image:
            continue
        if not Config(name, before.manifest["configs"][name]).has_image:
            continue
        old, new = _digests(before, after, name), _digests(after, before, name)
        both = old.join(new, on="photo_id", suffix="_now")
        changed.update(both.filter(pl.col("digest") != pl.col("digest_now"))["photo_id"])
    return pl.Series("photo_id", sorted(changed), dtype=pl.Int64)


def _digests(release: ReleaseFolder, other: ReleaseFolder, config: str) -> pl.DataFrame:
    """photo_id and digest of the images in files that ``other`` does not have."""
    same = {described["sha256"] for described in other.manifest["files"].values()}
    ids: list[int] = []
    digests: list[bytes] = []
    for name in [name for names in files_of(config, release.manifest).values() for name in names]:
        if release.manifest["files"][name]["sha256"] in same:
            continue
        for batch in release.batches(name, "photo_id", "image", rows=_ROWS_AT_ONCE):
            ids += batch.column("photo_id").to_pylist()
            images = batch.column("image").field("bytes").to_pylist()
            digests += [blake2b(one or b"", digest_size=_DIGEST_BYTES).digest() for one in images]
    schema = {"photo_id": pl.Int64, "digest": pl.Binary}
    frame = pl.DataFrame({"photo_id": ids, "digest": digests}, schema=schema)
    return frame.unique("photo_id", keep="first")
