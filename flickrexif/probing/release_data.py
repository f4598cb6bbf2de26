"""A release as a probe reads it: attributes with their splits, and each distinct photo once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flickrexif.errors import UsageError
from flickrexif.release.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SPLITS = ("train", "validation", "test")
ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The photos of one split: three arrays of one length, in the order of the files."""

    photo_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    owner_ids: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.photo_ids)

    def among(self, photo_ids: NDArray[np.int64]) -> Split:
        """This split without the photos that are not in ``photo_ids``."""
        kept = np.isin(self.photo_ids, photo_ids)
        return Split(self.photo_ids[kept], self.labels[kept], self.owner_ids[kept])


@dataclass(frozen=True, slots=True, eq=False)
class AttributeData:
    """One attribute of a release: its classes in order and its three splits."""

    name: str
    classes: tuple[str, ...]
    ordinal: bool
    train: Split
    validation: Split
    test: Split

    @property
    def photo_ids(self) -> NDArray[np.int64]:
        """Every photo of the three splits."""
        return np.concatenate([s.photo_ids for s in (self.train, self.validation, self.test)])

    @property
    def is_learnable(self) -> bool:
        """Two classes or more, a photo to train on for each, and photos to choose and test on."""
        trained = len(self.train) >= len(self.classes) >= 2
        return trained and len(self.validation) > 0 and len(self.test) > 0

    def require_learnable(self) -> AttributeData:
        """This attribute, or `UsageError` saying what it lacks."""
        lack = None
        if len(self.classes) < 2:
            lack = f"only {len(self.classes)} class; a probe needs two"
        elif not self.is_learnable:
            lack = (
                f"{len(self.classes)} classes and only {len(self.train)} train, "
                f"{len(self.validation)} validation and {len(self.test)} test photos"
            )
        if lack is not None:
            raise UsageError(f"attribute {self.name!r} has {lack}: crawl more, or leave it out")
        return self

    def among(self, photo_ids: NDArray[np.int64]) -> AttributeData:
        """This attribute without the photos that are not in ``photo_ids``."""
        splits = (s.among(photo_ids) for s in (self.train, self.validation, self.test))
        return AttributeData(self.name, self.classes, self.ordinal, *splits)


@dataclass(frozen=True, slots=True)
class ReleaseData:
    """A release folder, opened; nothing but its manifest is read before it is asked for."""

    path: Path
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path) -> ReleaseData:
        """Read the manifest of the release at ``path``.

        Raises `UsageError` when there is none, or when the release holds no images.
        """
        release = described(path)
        if release.manifest.get("kind") == "metadata":
            raise UsageError(
                f"release {str(path)!r} holds no images (kind 'metadata'); "
                "build one with --kind masked or --kind images"
            )
        return release

    @property
    def version(self) -> str:
        """The release's semantic version."""
        return str(self.manifest.get("version", ""))

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that the release has, in its order."""
        return tuple(self.manifest["attributes"])

    def attribute(self, name: str) -> AttributeData:
        """Read the labels of attribute ``name``.

        Raises `UsageError` when the release has no such attribute, or when it cannot be learnt:
        a single class, or fewer photos to train on than classes.
        """
        if name not in self.manifest["attributes"]:
            known = ", ".join(self.attributes) or "none"
            raise UsageError(f"unknown attribute {name!r}; release {str(self.path)!r} has: {known}")
        classes = self._classes(name)
        splits = [self._split(name, split, len(classes)) for split in SPLITS]
        ordinal = bool(self.manifest["attributes"][name].get("ordinal", False))
        read = AttributeData(name, classes, ordinal, *splits)
        return read.require_learnable()

    def images(self, names: Iterable[str]) -> Iterator[tuple[int, bytes]]:
        """Yield (photo id, encoded image) of each distinct photo of the attributes ``names``."""
        seen: set[int] = set()
        for name in names:
            for split in SPLITS:
                for file in self.files(name, split):
                    yield from _new_images(file, seen)

    def files(self, config: str, split: str = "") -> list[Path]:
        """The parquet files of a config (an attribute or ``photos``), sorted."""
        return sorted((self.path / config).glob(f"{split}*.parquet"))

    def _classes(self, name: str) -> tuple[str, ...]:
        files = self.files(name, "train")
        if not files:
            raise UsageError(f"release {str(self.path)!r} has no train files of {name!r}; rebuild")
        features = json.loads((pq.read_schema(files[0]).metadata or {}).get(b"huggingface", b"{}"))
        try:
            return tuple(features["info"]["features"]["label"]["names"])
        except KeyError:
            raise UsageError(f"{str(files[0])!r} does not name its classes; rebuild") from None

    def _split(self, name: str, split: str, classes: int) -> Split:
        columns = ["photo_id", "label", "owner_id"]
        tables = [pq.read_table(file, columns=columns) for file in self.files(name, split)]
        if not tables:
            raise UsageError(
                f"release {str(self.path)!r} has no {split} files of {name!r}; rebuild"
            )
        table = pa.concat_tables(tables)
        table = table.filter(pc.is_valid(table["label"]))  # a treated set may have some without
        labels = table["label"].to_numpy().astype(np.int64)
        if labels.size and (labels.min() < 0 or labels.max() >= classes):
            raise UsageError(f"{name!r} has {split} labels outside its {classes} classes; rebuild")
        owners = np.asarray(table["owner_id"].to_pylist(), dtype=np.str_)
        return Split(table["photo_id"].to_numpy().astype(np.int64), labels, owners)


def described(path: Path) -> ReleaseData:
    """Open the release at ``path``, whatever its kind; `UsageError` when it is none."""
    manifest = read_manifest(path)
    if not isinstance(manifest.get("attributes"), dict):
        raise UsageError(f"the manifest of {str(path)!r} names no attributes; rebuild the release")
    return ReleaseData(path, manifest)


def _new_images(file: Path, seen: set[int]) -> Iterator[tuple[int, bytes]]:
    with pq.ParquetFile(file) as parquet:
        ids = parquet.read(columns=["photo_id"])["photo_id"].to_pylist()
        if seen.issuperset(ids):
            return
        batches = parquet.iter_batches(ROWS_AT_ONCE, columns=["photo_id", "image"])
        for batch in batches:
            images = batch.column("image").field("bytes")
            for photo_id, image in zip(batch.column("photo_id").to_pylist(), images, strict=True):
                if photo_id not in seen:
                    seen.add(photo_id)
                    yield photo_id, image.as_py() or b""
