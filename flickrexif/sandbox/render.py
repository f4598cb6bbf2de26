"""The files of the sandbox: originals as cameras write them, smaller sizes as Flickr makes them."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from flickrexif.sandbox.bare import render_scan, render_screenshot
from flickrexif.sandbox.blur import blur
from flickrexif.sandbox.develop import add_sensor_noise, develop
from flickrexif.sandbox.exif_block import exif_block, xmp_packet
from flickrexif.sandbox.optics import Optics, light_field, see, shake
from flickrexif.sandbox.scene import (
    Scene,
    backdrop_layer,
    enlarge,
    make_scene,
    near_layer,
    near_window,
    texture,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flickrexif.sandbox.catalogue import CataloguePlan
    from flickrexif.sandbox.photos import Camera, SandboxPhoto, Settings

    Plane = NDArray[np.float32]

SERVICE_QUALITY = 90
SERVICE_SUBSAMPLING = "4:2:0"
SERVICE_RESAMPLING = Image.Resampling.BICUBIC
THUMBNAIL = (160, 120)
TURN_BACK = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""From upright to how the sensor lay."""
MID_GREY = 0.2
KEPT_ORIGINALS = 64
"""A photo is often wanted as original and resized within a short time."""


@lru_cache(maxsize=KEPT_ORIGINALS)
def original(photo: SandboxPhoto) -> bytes:
    """Return the original: a JPEG with the maker's own tables and, mostly, EXIF."""
    picture = _picture(photo)
    stored = picture.transpose(TURN_BACK[photo.orientation]) if photo.orientation > 1 else picture
    extras: dict[str, Any] = {}
    block = exif_block(photo, _thumbnail(stored) if photo.has_thumbnail else None)
    if block is not None:
        extras["exif"] = block
    packet = xmp_packet(photo)
    if packet is not None:
        extras["xmp"] = packet
    buffer = io.BytesIO()
    stored.save(buffer, "JPEG", **_encoding(photo.developed_by), **extras)
    return buffer.getvalue()


def resized(photo: SandboxPhoto, longest: int) -> bytes:
    """Return a smaller size of the original; see `shrink`."""
    return shrink(original(photo), longest)


def shrink(file: bytes, longest: int) -> bytes:
    """Return an original upright, at most ``longest`` pixels on its longer edge, without EXIF.

    The same for every camera: bicubic, JPEG quality 90, 4:2:0. It never enlarges.
    """
    with Image.open(io.BytesIO(file)) as opened:
        opened.draft("YCbCr", opened.size)
        picture = ImageOps.exif_transpose(opened)
    scale = longest / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, SERVICE_RESAMPLING)
    picture.info.clear()
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=SERVICE_QUALITY, subsampling=SERVICE_SUBSAMPLING)
    return buffer.getvalue()


def render_original(plan: CataloguePlan, photo_id: int) -> bytes:
    """Return the original of a photo of a catalogue, for a pool of processes.

    Raises:
        KeyError: the catalogue has no such photo.
    """
    photo = plan.open().photo(photo_id)
    if photo is None:
        raise KeyError(photo_id)
    return original(photo)


def expose(scene: Scene, optics: Optics, size: tuple[int, int], camera: Camera) -> Plane:
    """Return the light on the sensor, ``(3, H, W)``, linear, 1 where it clips, without noise.

    The backdrop comes blurred by lens and defocus; the lens blurs what is near in its own window.
    """
    width, height = size
    frame = backdrop_layer(scene, width, height, optics.far_blur)
    near_layer(scene, frame)
    surface = np.exp(texture(scene, width, height, optics.far_blur))
    surface *= light_field(optics, surface.shape[1], surface.shape[0])
    field = enlarge(surface, width, height)
    bands = [np.asarray(band) for band in frame.split()]
    level = MID_GREY * scene.key / max(_mean_light(bands, field), 0.02)
    light = np.empty((3, height, width), np.float32)
    sharp = near_window(scene, width, height)
    for plane, band, tint, bias in zip(light, bands, scene.tint, (1, 0, -1), strict=True):
        gain = level * tint * (1 + camera.warmth * bias)
        np.multiply(band, np.float32(math.sqrt(gain) / 255), out=plane)
        plane *= plane
        plane *= field
        plane[:] = shake(plane, optics.shake)
        plane[sharp] = blur(plane[sharp], optics.near_blur)
    return light


def _mean_light(bands: list[NDArray[np.uint8]], field: Plane) -> float:
    """Return what a light meter reads, from every eighth pixel of every eighth row."""
    linear = [np.square(band[::8, ::8] / np.float32(255)).mean() for band in bands]
    return float((0.3 * linear[0] + 0.6 * linear[1] + 0.1 * linear[2]) * field[::8, ::8].mean())


def _picture(photo: SandboxPhoto) -> Image.Image:
    """Return the upright picture."""
    size = photo.width, photo.height
    if photo.origin == "screenshot":
        return render_screenshot(photo.pixel_seed, *size)
    scene = make_scene(photo.pixel_seed, *size)
    if photo.developed_by is None or photo.developed_with is None:
        return render_scan(scene, *size)
    return take(scene, photo.developed_by, photo.developed_with, size, photo.pixel_seed)


def take(
    scene: Scene, camera: Camera, settings: Settings, size: tuple[int, int], seed: int
) -> Image.Image:
    """Return the picture that a camera takes of a scene, as ``YCbCr``."""
    optics = see(camera, settings, *size, seed)
    light = expose(scene, optics, size, camera)
    add_sensor_noise(light, camera, settings.iso, seed)
    return develop(light, camera, settings)


def _thumbnail(picture: Image.Image) -> bytes:
    small = picture.resize(THUMBNAIL, Image.Resampling.BOX, reducing_gap=1.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def _encoding(camera: Camera | None) -> dict[str, Any]:
    if camera is None:
        return {"quality": 92, "subsampling": "4:2:0"}
    tables = _tables(camera.jpeg_quality, camera.jpeg_table)
    return {"qtables": tables, "subsampling": camera.jpeg_subsampling}


@lru_cache(maxsize=64)
def _tables(quality: int, shape: str) -> list[list[int]]:
    """Return luma and chroma tables: libjpeg's at this quality, flattened or steepened."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as reference:
        tables = [list(reference.quantization[number]) for number in (0, 1)]  # type: ignore[attr-defined]
    power = {"ijg": 1.0, "flat": 0.7, "steep": 1.25}[shape]
    return [[min(255, max(1, round(step**power))) for step in table] for table in tables]
