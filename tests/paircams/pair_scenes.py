"""Scenes, photos and albums of pairs that the tests make, so that every fault is known."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import piexif
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from pathlib import Path

PHONE = ("Apple", "iPhone 12")
CAMERA = ("Canon", "Canon PowerShot A95")
OWN_TABLES = [[2 + place // 4 for place in range(64)], [3 + place // 3 for place in range(64)]]
"""Luminance and chrominance, in natural order; no quality of libjpeg's has them."""


@cache
def scene(seed: int) -> Image.Image:
    """A picture of its own for every seed, 480 x 360: clouds of colour and small things.

    It is drawn once for all tests: not to be drawn upon.
    """
    chance = np.random.default_rng(seed)
    noise = chance.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(120):
        x, y = chance.integers(0, (470, 350)).tolist()
        corners = np.array((x, y)) + chance.integers(0, 14, (3, 2))
        draw.polygon(
            [tuple(c) for c in corners.tolist()], tuple(chance.integers(0, 256, 3).tolist())
        )
    return picture


def phone_view(seed: int) -> Image.Image:
    return scene(seed).crop((0, 0, 440, 330))


def camera_view(seed: int) -> Image.Image:
    """The scene of ``phone_view`` from a little to the side."""
    return scene(seed).crop((14, 8, 454, 338))


def exif(
    device: tuple[str, str] | None = None,
    taken: str | None = None,
    extra: dict[str, dict[int, Any]] | None = None,
    thumbnail: bytes | None = None,
) -> bytes:
    ifds: dict[str, Any] = {"0th": {}, "Exif": {}, "GPS": {}, "1st": {}, "thumbnail": thumbnail}
    if device is not None:
        ifds["0th"] |= {piexif.ImageIFD.Make: device[0], piexif.ImageIFD.Model: device[1]}
    if taken is not None:
        ifds["Exif"][piexif.ExifIFD.DateTimeOriginal] = taken
    for name, tags in (extra or {}).items():
        ifds[name] |= tags
    return piexif.dump(ifds)


def jpeg(image: Image.Image, exif_bytes: bytes = b"", quality: int | None = None) -> bytes:
    """A JPEG with libjpeg's tables of a quality, or with tables of its own, as cameras have."""
    words: dict[str, Any] = {"exif": exif_bytes} if exif_bytes else {}
    words |= {"qtables": OWN_TABLES} if quality is None else {"quality": quality}
    stream = io.BytesIO()
    image.save(stream, "JPEG", **words)
    return stream.getvalue()


def taken_at(subject: int) -> str:
    """Subjects are photographed a minute after each other."""
    return f"2024:05:01 12:{subject:02}:00"


@cache
def phone_photo(subject: int) -> bytes:
    return jpeg(phone_view(subject), exif(PHONE, taken_at(subject)))


@cache
def camera_photo(subject: int) -> bytes:
    return jpeg(camera_view(subject), exif(CAMERA, taken_at(subject)))


@dataclass
class Album:
    """A folder of pairs in the making; it begins sound."""

    root: Path

    def phone(self, subject: int, suffix: str = "jpg") -> Path:
        return self.root / f"{subject:03}" / f"smartphone.{suffix}"

    def camera(self, subject: int, suffix: str = "jpg") -> Path:
        return self.root / f"{subject:03}" / f"camera.{suffix}"

    def add(
        self,
        subject: int,
        *,
        phone: bytes | None = None,
        camera: bytes | None = None,
    ) -> None:
        self.phone(subject).parent.mkdir(exist_ok=True)
        self.phone(subject).write_bytes(phone_photo(subject) if phone is None else phone)
        self.camera(subject).write_bytes(camera_photo(subject) if camera is None else camera)
