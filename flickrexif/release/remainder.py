"""What is left of a release when some of its photos leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.corpus.duplicates import duplicate_of
from flickrexif.errors import UsageError
from flickrexif.release.contents import RowsInMemory
from flickrexif.release.diff import compare
from flickrexif.release.ledger import WITHDRAWN
from flickrexif.release.lessen import Lessened, lessen
from flickrexif.release.manifest import licenses_of, made_with, splits_of
from flickrexif.release.schema import PHOTOS_CONFIG, Config, attribute_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.release.contents import ReleaseFolder
    from flickrexif.release.difference import ReleaseDiff
    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True, eq=False)
class Remainder:
    """The photos table (with the column file) and the attributes without the photos ``gone``."""

    before: ReleaseFolder
    gone: frozenset[int]
    photos: pl.DataFrame
    attributes: Mapping[str, Lessened]
    removed: Mapping[str, str]
    """Attribute → why it cannot stay."""

    @classmethod
    def of(cls, before: ReleaseFolder, gone: frozenset[int]) -> Remainder:
        """What stays of ``before``; raises `UsageError` where nothing would."""
        columns = before.manifest["configs"][PHOTOS_CONFIG]
        photos = before.table(PHOTOS_CONFIG, *columns).drop("split")
        photos = photos.filter(~pl.col("photo_id").is_in(list(gone)))
        if {"duplicate_of", "sha256"} <= set(columns):
            photos = photos.with_columns(duplicate_of())
        attributes, removed = {}, {}
        for name, words in before.manifest["attributes"].items():
            rows = before.table(name, "photo_id", "label")
            salt = f"{before.manifest['seed']}:{name}"
            left = lessen(rows, gone, words["classes"], salt=salt)
            if isinstance(left, str):
                removed[name] = left
            else:
                attributes[name] = left
        if photos.is_empty() or (removed and not attributes):
            raise UsageError(
                f"nothing would be left of {str(before.path)!r}: withdraw the release as a whole"
            )
        return cls(before, gone, photos, attributes, removed)

    def config(self, attribute: str) -> Config:
        """The columns of an attribute's files, with the classes that are left."""
        has_image = "image" in self.before.manifest["configs"][attribute]
        return attribute_config(attribute, self.attributes[attribute].classes, has_image=has_image)

    def manifest(self, *, version: str) -> Manifest:
        """All of the manifest but its files.

        ``made_with`` stays, which made the images; ``rewritten_with`` tells who left rows out.
        """
        told = self.before.manifest
        left_out = dict(told.get("left_out", {}))
        left_out[WITHDRAWN] = left_out.get(WITHDRAWN, 0) + len(self.gone)
        photos_config = {PHOTOS_CONFIG: told["configs"][PHOTOS_CONFIG]}
        return told | {
            "version": version,
            "previous": told["version"],
            "rewritten_with": made_with(),
            "photos": {
                "rows": self.photos.height,
                "owners": self.photos["owner_id"].n_unique(),
            },
            "licenses": licenses_of(self.photos),
            "attributes": {name: self._described(name) for name in self.attributes},
            "configs": photos_config
            | {name: self.config(name).features for name in self.attributes},
            "left_out": dict(sorted(left_out.items())),
            "attributes_left_out": dict(
                sorted((told.get("attributes_left_out", {}) | dict(self.removed)).items())
            ),
            "files": {},
        }

    def difference(self) -> ReleaseDiff:
        """What the release after differs in, whatever its version."""
        manifest = self.manifest(version=self.before.version)
        rows = {name: left.rows for name, left in self.attributes.items()}
        return compare(self.before, RowsInMemory(manifest, self.photos, rows))

    def _described(self, name: str) -> dict[str, object]:
        words, left = self.before.manifest["attributes"][name], self.attributes[name]
        lost = [one for one in words["classes"] if one not in left.classes]
        rows = dict(left.rows["split"].value_counts().iter_rows())
        trimmed = words.get("trimmed", 0) + left.further
        return dict(words) | {
            "classes": list(left.classes),
            "photos": left.rows["photo_id"].n_unique(),
            "splits": splits_of(rows, len(left.classes)),
            "classes_left_out": [*words.get("classes_left_out", []), *lost],
            "trimmed": trimmed,
        }
