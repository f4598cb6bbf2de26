"""From light to a picture: the sensor's noise, then what the maker's software makes of it.

Sensor, per pixel and channel, with L in [0, 1] the light relative to clipping after the white
balance gain g: one clipping exposure is ``full_well * 100 / ISO`` electrons E; the photons'
arrival gives a variance of ``g L / E``, the electronics ``(g r / E)**2`` with r the read noise, as
`flickrexif.imaging.sensor` has it. That counts electrons, which takes longer than all the rest of a
picture; here the noise is Gaussian, which it nearly is from 20 electrons up. Then clip.

Software, in this order: sRGB curve with the maker's contrast, luma noise reduction by coring,
chroma noise reduction, unsharp mask, saturation.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from flickrexif.imaging.linear import linear_to_srgb
from flickrexif.imaging.sensor import Sensor
from flickrexif.sandbox.blur import STRIP_ROWS, blur
from flickrexif.sandbox.scene import normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flickrexif.sandbox.photos import Camera, Settings

    Plane = NDArray[np.float32]

WHITE_BALANCE = (1.9, 1.0, 1.6)
LEVELS = 4096


@lru_cache(maxsize=256)
def sensor_of(camera: Camera, iso: int) -> Sensor:
    """Return a sensor with the electrons that this ISO prints as white for a full well.

    It is exposed so that light 1 fills it.
    """
    return Sensor(
        full_well_electrons=camera.full_well * 100 / iso,
        read_noise_electrons=camera.read_noise,
        dark_current_electrons_per_s=0,
    ).metered()


def noise_sigma(light: float, camera: Camera, iso: int, gain: float = 1.0) -> float:
    """Return the standard deviation of ``light`` (relative to clipping) that the sensor adds."""
    shot, read = sensor_of(camera, iso).noise_line(gain)
    return math.sqrt(shot * light + read)


def add_sensor_noise(light: Plane, camera: Camera, iso: int, seed: int) -> None:
    """Add shot and read noise to ``(3, H, W)`` linear light, in place."""
    chance = np.random.default_rng([seed, 4])
    sensor = sensor_of(camera, iso)
    tilt = 1 + 2 * camera.warmth
    for plane, gain in zip(light, WHITE_BALANCE, strict=True):
        balance = gain * (tilt if gain > 1.7 else 1 / tilt if gain > 1 else 1.0)
        shot, read = sensor.noise_line(balance)
        sigma = plane * np.float32(shot)
        sigma += np.float32(read)
        np.sqrt(sigma, out=sigma)
        sigma *= normals(chance, *plane.shape)
        plane += sigma


def develop(light: Plane, camera: Camera, settings: Settings) -> Image.Image:
    """Return the ``YCbCr`` picture of ``(3, H, W)`` noisy linear light."""
    curve = _curve(camera.contrast)
    channels = [Image.fromarray(_through(curve, plane)) for plane in light]
    luma, blue, red = Image.merge("RGB", channels).convert("YCbCr").split()
    grain = noise_sigma(0.18, camera, settings.iso) * 255 * 1.2
    sharp = _luma(np.asarray(luma, dtype=np.float32), camera, grain)
    chroma = [_chroma(plane, camera, grain) for plane in (blue, red)]
    return Image.merge("YCbCr", [Image.fromarray(sharp), *chroma])


def _through(curve: NDArray[np.uint8], plane: Plane) -> NDArray[np.uint8]:
    """Return the plane's levels on the curve, clipped; in strips, which fit a cache."""
    out = np.empty(plane.shape, np.uint8)
    steps = np.empty((STRIP_ROWS, plane.shape[1]), np.intp)
    for top in range(0, len(plane), STRIP_ROWS):
        strip = plane[top : top + STRIP_ROWS]
        level = steps[: len(strip)]
        np.multiply(strip, np.float32(LEVELS - 1), out=level, casting="unsafe")
        curve.take(level, out=out[top : top + STRIP_ROWS], mode="clip")
    return out


@lru_cache(maxsize=64)
def _curve(contrast: float) -> NDArray[np.uint8]:
    """Return the table from linear light to 8 bits: sRGB, bent into an S by ``contrast``."""
    coded = linear_to_srgb(np.linspace(0, 1, LEVELS))
    bent = coded + contrast * coded * (1 - coded) * (2 * coded - 1)
    return np.asarray(np.round(255 * bent).astype(np.uint8))


def _luma(luma: Plane, camera: Camera, grain: float) -> NDArray[np.uint8]:
    """Return denoised and sharpened luma.

    Coring: detail d smaller than a threshold t that follows the noise shrinks to
    ``d * d**2 / (d**2 + t**2)``.
    """
    if camera.luma_denoise > 0:
        smooth = blur(luma, 1.3)
        detail = luma - smooth
        power = detail * detail
        threshold = (2.2 * camera.luma_denoise * grain + 1.5 * camera.luma_denoise) ** 2
        power /= power + np.float32(threshold)
        detail *= power
        luma = smooth + detail
    halo = luma - blur(luma, camera.sharpen_radius)
    halo *= np.float32(camera.sharpen_percent / 100)
    halo += luma
    np.clip(halo, 0, 255, out=halo)
    return np.asarray(halo.astype(np.uint8))


def _chroma(plane: Image.Image, camera: Camera, grain: float) -> Image.Image:
    """Return a chroma plane, blurred by reduction where there is much to hide, then saturated."""
    strength = camera.chroma_denoise * min(1.0, 0.35 + grain / 12)
    factor = 2 if strength < 0.35 else 4 if strength < 0.7 else 6
    size = plane.size
    soft = plane.reduce(factor).resize(size, Image.Resampling.BILINEAR)
    share = min(1.0, camera.chroma_denoise + 0.1)
    mixed = soft if share == 1.0 else Image.blend(plane, soft, share)
    return mixed.point(_saturation(camera.saturation))


@lru_cache(maxsize=64)
def _saturation(amount: float) -> list[int]:
    return [min(255, max(0, round(128 + (level - 128) * amount))) for level in range(256)]
