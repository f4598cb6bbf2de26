from __future__ import annotations

import io

import numpy as np
import piexif
import pytest
from PIL import Image


def scene(width: int = 96, height: int = 64, seed: int = 0) -> Image.Image:
    """Smooth colours with some texture: compresses like a photo."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def secret_exif(orientation: int = 1) -> bytes:
    thumbnail = io.BytesIO()
    scene(32, 24).save(thumbnail, "JPEG")
    return piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Make: b"NIKON CORPORATION",
                piexif.ImageIFD.Model: b"NIKON D750",
                piexif.ImageIFD.Orientation: orientation,
                piexif.ImageIFD.Artist: b"SECRET-ARTIST",
            },
            "Exif": {
                piexif.ExifIFD.BodySerialNumber: b"SECRET-SERIAL",
                piexif.ExifIFD.MakerNote: b"SECRET-MAKERNOTE" * 20,
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: ((48, 1), (51, 1), (2952, 100)),
            },
            "1st": {piexif.ImageIFD.Compression: 6},
            "thumbnail": thumbnail.getvalue(),
        }
    )


@pytest.fixture(scope="session")
def make_jpeg():
    def make(*, orientation: int = 1, exif: bool = True, seed: int = 0, **options: object) -> bytes:
        buffer = io.BytesIO()
        if exif:
            options["exif"] = secret_exif(orientation)
        scene(seed=seed).save(buffer, "JPEG", **options)
        return buffer.getvalue()

    return make
