"""The release before one that is being built: its splits hold, and what it withdrew stays out."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.release.contents import ReleaseFolder, RowsInMemory
from flickrexif.release.diff import compare
from flickrexif.release.ledger import WITHDRAWN, Withdrawal, read_ledger
from flickrexif.release.manifest import MANIFEST
from flickrexif.release.schema import TREATED
from flickrexif.release.source import sha256_of
from flickrexif.release.versions import refuse_earlier, step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flickrexif.release.difference import AttributeDiff, ReleaseDiff
    from flickrexif.release.manifest import Manifest
    from flickrexif.release.select import AttributeRows

log = logging.getLogger("flickrexif")


@dataclass(frozen=True, slots=True)
class Previous:
    """A release and its ledger, as the build of the ``version`` after it needs them."""

    release: ReleaseFolder
    ledger: tuple[Withdrawal, ...]
    version: str

    @classmethod
    def open(cls, path: Path, *, version: str) -> Previous:
        """Read what is small; raises `UsageError` unless ``version`` comes after the release's."""
        release = ReleaseFolder.open(path)
        if release.manifest["kind"] == TREATED:
            raise UsageError(f"{str(path)!r} is a treated set: name the release built before")
        refuse_earlier(version, after=release.version)
        return cls(release, tuple(read_ledger(path)), version)

    @property
    def digest(self) -> str:
        """The sha256 of the manifest, which digests all other files."""
        return sha256_of(self.release.path / MANIFEST)

    def withdrawn_among(self, photos: pl.DataFrame) -> dict[int, str]:
        """The photos of a photos table that the ledger names, and why they are left out."""
        ids = [one.photo_id for one in self.ledger]
        named = photos.filter(pl.col("photo_id").is_in(ids))
        return dict.fromkeys(named["photo_id"].to_list(), WITHDRAWN)

    def with_kept_splits(
        self, attribute: str, labels: pl.DataFrame, photos: pl.DataFrame
    ) -> pl.DataFrame:
        """``labels`` with each owner in the split of ``attribute`` where the release has them.

        ``photos`` tells photo_id and owner_id. A corpus that grows may deal an owner to another
        split, so that a class does not fall short there; within a major version the owner stays,
        and the classes of that split are smaller. A new major version is dealt as labelled.
        """
        if not self._binds(attribute):
            return labels
        owned = labels.join(photos.select("photo_id", "owner_id"), on="photo_id", how="left")
        split = pl.col("owner_id").replace_strict(
            self.release.owners(attribute), default=pl.col("split"), return_dtype=pl.String
        )
        kept = owned.with_columns(kept=split)
        if moved := kept.filter(pl.col("kept") != pl.col("split")).height:
            log.info(
                "%s: %d photos stay in the splits of %s, though the labels would move them",
                attribute,
                moved,
                self.release.version,
            )
        return kept.with_columns(split=pl.col("kept")).select(labels.columns)

    def settled(self, attribute: str) -> frozenset[int]:
        """The photos that an attribute's rows keep where a class has rows to spare."""
        if not self._binds(attribute):
            return frozenset()
        return frozenset(self.release.rows(attribute)["photo_id"])

    def _binds(self, attribute: str) -> bool:
        is_major = step(self.release.version, self.version) == "major"
        return not is_major and attribute in self.release.manifest["attributes"]

    def difference(
        self, manifest: Manifest, photos: pl.DataFrame, attributes: Sequence[AttributeRows]
    ) -> ReleaseDiff:
        """What differs in the release that will hold these photos and rows."""
        rows = {one.words.name: one.rows for one in attributes}
        return compare(self.release, RowsInMemory(manifest, photos, rows))


def whatever_images_show(difference: ReleaseDiff) -> ReleaseDiff:
    """``difference`` without rows that came or went: images that cannot be read decide on them."""
    attributes = {name: _settled(one) for name, one in difference.attributes.items()}
    return replace(difference, attributes={name: one for name, one in attributes.items() if one})


def _settled(attribute: AttributeDiff) -> AttributeDiff:
    return replace(attribute, added=attribute.added.clear(), removed=attribute.removed.clear())
