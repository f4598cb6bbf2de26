"""Rules on images: they decode to the stated size, carry no metadata, and hide what they should."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.imaging import MaskSpec, UnreadableImage, apply, decode_rgb, is_stripped
from flickrexif.imaging.strip import jpeg_orientation
from flickrexif.release.checks.rows import read_rows
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import files_of
from flickrexif.release.schema import PHOTOS_CONFIG, TREATED, Config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

    from flickrexif.release.manifest import Manifest

_ROWS_AT_ONCE = 64


def check_images(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """The rules on each distinct image of the release; the same bytes are looked at once."""
    if manifest["kind"] == "metadata":
        return
    rules = _Rules.of(release, manifest)
    for name in filter(PHOTOS_CONFIG.__ne__, manifest["configs"]):
        config = Config(name, manifest["configs"][name])
        for file in [file for files in files_of(name, manifest).values() for file in files]:
            try:
                for batch in _batches(release / file, config):
                    yield from _check_batch(batch, file, rules)
            except (pa.ArrowException, OSError):
                continue  # told by the rules on files and columns


def _batches(path: Path, config: Config) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as parquet:
        if parquet.schema_arrow.equals(config.arrow_schema()):
            # One row group at a time: asked for all, iter_batches fetches the whole file first.
            for number in range(parquet.num_row_groups):
                yield from parquet.iter_batches(
                    _ROWS_AT_ONCE, row_groups=[number], columns=["photo_id", "image"]
                )


def _check_batch(batch: pa.RecordBatch, file: str, rules: _Rules) -> Iterator[Finding]:
    images = batch.column("image").field("bytes").to_pylist()
    for photo_id, data in zip(batch.column("photo_id").to_pylist(), images, strict=True):
        for rule, message in rules.breaches(photo_id, data or b""):
            yield Finding(rule, file, f"photo {photo_id}: {message}")


@dataclass(slots=True)
class _Rules:
    mask: MaskSpec | None
    crop: int | None
    sizes: dict[int, tuple[int, int]]
    """photo_id → (width, height) as stored, where images are as fetched."""
    seen: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, release: Path, manifest: Manifest) -> _Rules:
        if manifest.get("mask") is not None:
            mask = MaskSpec(**manifest["mask"])
            # A resize after the mask blends visible pixels with hidden ones: nothing to compare.
            return cls(mask if mask.stage == "post_crop" else None, manifest["crop"], {})
        photos = None
        if manifest["kind"] != TREATED:
            photos = read_rows(release, manifest, PHOTOS_CONFIG)
        if photos is None:
            return cls(None, None, {})
        sized = photos.select("photo_id", "width", "height").drop_nulls()
        return cls(None, None, {name: (width, height) for name, width, height in sized.rows()})

    def breaches(self, photo_id: int, data: bytes) -> Iterator[tuple[str, str]]:
        """The rules that one image breaks; nothing for an image that was seen with this photo."""
        name = blake2b(data, key=str(photo_id).encode(), digest_size=16).digest()
        if name in self.seen:
            return
        self.seen.add(name)
        try:
            image = decode_rgb(data)
            if not is_stripped(data):
                yield "image-metadata", "carries EXIF, XMP, IPTC or a comment"
        except UnreadableImage as error:
            yield "image-unreadable", error.reason
            return
        yield from self._check_size(photo_id, image, data)
        if self.mask is not None and image.size == (self.crop, self.crop):
            pixels = np.asarray(image)
            if not np.array_equal(apply(pixels, self.mask, photo_id), pixels):
                yield "image-unmasked", "pixels that the mask hides are visible"

    def _check_size(
        self, photo_id: int, image: Image.Image, data: bytes
    ) -> Iterator[tuple[str, str]]:
        expected = self.sizes.get(photo_id) if self.crop is None else (self.crop, self.crop)
        if expected is None:
            return
        width, height = image.size
        if self.crop is None and data.startswith(b"\xff\xd8") and jpeg_orientation(data) > 4:
            width, height = height, width
        if (width, height) != expected:
            yield "image-size", f"is {width} x {height} px, not {expected[0]} x {expected[1]}"
