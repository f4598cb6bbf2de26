"""One press of a shutter: which camera, from where, when, and the file that came of it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import piexif
from PIL import Image

from flickrexif.sandbox.blur import blur
from flickrexif.sandbox.cameras import cameras
from flickrexif.sandbox.develop import add_sensor_noise, develop
from flickrexif.sandbox.optics import Optics, light_field, see, shake
from flickrexif.sandbox.render import expose
from paircams.sandbox.scene import make_subject
from paircams.sandbox.view import View, canvas_size, look, to_canvas

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from numpy.typing import NDArray

    from flickrexif.sandbox.photos import Camera, Settings

EXIF_TIME = "%Y:%m:%d %H:%M:%S"
QUALITY, SUBSAMPLING = 92, "4:2:0"
"""All files are written alike, as after one common export, so that none betrays its side."""

IFD = Literal["0th", "Exif", "GPS"]
_NO_OPTICS = Optics(near_blur=0, far_blur=0, shake=(0, 0), corner_loss=0, flash_fall=0)
_LYING = {1: None, 6: Image.Transpose.ROTATE_90}


@dataclass(frozen=True, slots=True)
class Shot:
    """All that decides a photo's bytes."""

    subject_seed: int
    camera: Camera
    settings: Settings
    view: View
    taken: datetime
    """By the camera's own clock."""
    frame: tuple[int, int]
    """Width and height of the upright picture."""
    noise_seed: int
    orientation: int = 1
    """1, or 6 for a frame that was taken upright and is stored lying."""
    retouches: tuple[Callable[[Image.Image], Image.Image], ...] = ()
    """What somebody did to the upright picture afterwards."""
    tags: tuple[tuple[IFD, int, Any], ...] = ()
    """EXIF beyond what the camera writes, or in its place."""
    has_exif: bool = True
    has_thumbnail: bool = False
    quality: int = QUALITY
    subsampling: str = SUBSAMPLING

    @property
    def focal_35mm(self) -> float:
        """The focal length that gives this field of view on 36 x 24 mm."""
        return self.settings.focal_mm * self.camera.crop_factor

    @property
    def homography(self) -> NDArray[np.float64]:
        """From pixels of the upright picture, before any retouch, to those of the canvas."""
        return to_canvas(self.view, self.focal_35mm, self.frame)


def picture(shot: Shot) -> Image.Image:
    """Return the upright picture, retouched, as ``YCbCr``."""
    optics = see(shot.camera, shot.settings, *shot.frame, shot.noise_seed)
    canvas = _canvas(shot.subject_seed, canvas_size(shot.frame))
    falloff = light_field(optics, *shot.frame)
    bias = np.array([1, 0, -1]) * shot.camera.warmth
    light = np.empty((3, shot.frame[1], shot.frame[0]), np.float32)
    for out, plane, warm in zip(light, canvas, bias, strict=True):
        seen = look(plane, shot.homography, shot.frame) * np.float32(1 + warm)
        out[:] = blur(shake(seen * falloff, optics.shake), optics.near_blur)
    add_sensor_noise(light, shot.camera, shot.settings.iso, shot.noise_seed)
    upright = develop(light, shot.camera, shot.settings)
    for retouch in shot.retouches:
        upright = retouch(upright)
    return upright


def encode(shot: Shot) -> bytes:
    """Return the JPEG file of a shot, with its EXIF."""
    upright = picture(shot)
    turn = _LYING[shot.orientation] if shot.has_exif else None  # nothing would stand it up again
    stored = upright if turn is None else upright.transpose(turn)
    extras = {"exif": exif_block(shot, stored)} if shot.has_exif else {}
    buffer = io.BytesIO()
    stored.save(buffer, "JPEG", quality=shot.quality, subsampling=shot.subsampling, **extras)
    return buffer.getvalue()


def exif_block(shot: Shot, stored: Image.Image) -> bytes:
    """Return the Exif block that the camera writes into the file of ``stored`` pixels."""
    settings, stamp = shot.settings, shot.taken.strftime(EXIF_TIME).encode()
    width, height = shot.frame if shot.orientation == 1 else shot.frame[::-1]
    image, exif = piexif.ImageIFD, piexif.ExifIFD
    block: dict[str, Any] = {
        "0th": {
            image.Make: shot.camera.make.encode(),
            image.Model: shot.camera.model.encode(),
            image.Orientation: shot.orientation,
            image.Software: shot.camera.software.encode(),
            image.DateTime: stamp,
        },
        "Exif": {
            exif.ExposureTime: settings.exposure,
            exif.FNumber: settings.f_number,
            exif.ISOSpeedRatings: settings.iso,
            exif.ExifVersion: b"0231",
            exif.DateTimeOriginal: stamp,
            exif.Flash: settings.flash,
            exif.FocalLength: settings.focal_length,
            exif.PixelXDimension: width,
            exif.PixelYDimension: height,
        },
        "GPS": {},
    }
    if settings.focal_35mm is not None:
        block["Exif"][exif.FocalLengthIn35mmFilm] = settings.focal_35mm
    for ifd, tag, value in shot.tags:
        block[ifd][tag] = value
    if shot.has_thumbnail:
        block["1st"], block["thumbnail"] = {piexif.ImageIFD.Compression: 6}, _thumbnail(stored)
    return bytes(piexif.dump(block))


@lru_cache(maxsize=2)
def _canvas(seed: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the subject's light, ``(3, H, W)``, linear; both cameras of a pair look at it."""
    neutral = replace(cameras()[0], warmth=0.0)
    return expose(make_subject(seed, *size), _NO_OPTICS, size, neutral)


def _thumbnail(stored: Image.Image) -> bytes:
    buffer = io.BytesIO()
    stored.resize((160, 120), Image.Resampling.BOX).save(buffer, "JPEG", quality=75)
    return buffer.getvalue()
