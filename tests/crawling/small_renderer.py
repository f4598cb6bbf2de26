"""A renderer of small files, made at once, whose originals carry the EXIF of their photo."""

from __future__ import annotations

import io
from dataclasses import dataclass

import piexif
from PIL import Image


@dataclass(frozen=True)
class SmallRenderer:
    def original(self, photo) -> bytes:
        return _grey(64, photo.id, _exif(photo))

    def resized(self, photo, longest: int) -> bytes:
        return _grey(min(longest, 48), photo.id, b"")


def _exif(photo) -> bytes:
    if photo.camera is None or photo.settings is None:
        return b""
    main = {
        piexif.ImageIFD.Make: photo.camera.make.encode(),
        piexif.ImageIFD.Model: photo.camera.model.encode(),
    }
    settings = {
        piexif.ExifIFD.ExposureTime: photo.settings.exposure,
        piexif.ExifIFD.FNumber: photo.settings.f_number,
        piexif.ExifIFD.FocalLength: photo.settings.focal_length,
    }
    return piexif.dump({"0th": main, "Exif": settings})


def _grey(width: int, shade: int, exif: bytes) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, 32), shade % 256).save(file, "JPEG", exif=exif)
    return file.getvalue()
