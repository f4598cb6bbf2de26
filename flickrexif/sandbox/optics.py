"""What the lens and the shutter do to the light, in linear light and pixels of the original.

The formulas are textbook ones; their constants are chosen so that the traces survive the reduction
of a frame of one megapixel to 224 pixels, so they are stronger than those of real cameras.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.imaging.optics import blur_disc_px

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flickrexif.sandbox.photos import Camera, Settings

    Plane = NDArray[np.float32]

FULL_FRAME_MM = 36.0
BLUR_SIGMA_PER_DISC = 0.29
"""Standard deviation over diameter: a disc's along one axis is a quarter, an edge looks softer."""
FARTHEST_BLUR_PX = 12.0
SHORTEST_SHAKE_PX, LONGEST_SHAKE_PX = 1.5, 12.0
SHAKE_STEPS = (-0.5, -1 / 6, 1 / 6, 0.5)
DIFFRACTION_PX = 0.10
FLASH_COLOUR = (0.97, 1.0, 1.06)


@dataclass(frozen=True, slots=True)
class Optics:
    """Blurs (sigma) and shake in pixels, light losses as shares."""

    near_blur: float
    """Of what is in focus: the lens and diffraction."""
    far_blur: float
    """Of the backdrop: the same and defocus."""
    shake: tuple[float, float]
    """Path of the frame while the shutter was open, in x and y."""
    corner_loss: float
    """Light lost in the corners to vignetting."""
    flash_fall: float
    """Share of the light in the corners that the flash does not give."""


def see(camera: Camera, settings: Settings, width: int, height: int, seed: int) -> Optics:
    """Return what this camera at these settings does to a frame of this size."""
    chance = np.random.default_rng([seed, 3])
    stops_down = 2 * math.log2(settings.aperture / camera.widest[0])
    wide_open = 0.9 * math.exp(-max(stops_down, 0.0) / 1.2)
    diffraction = DIFFRACTION_PX * settings.aperture * math.sqrt(camera.crop_factor)
    near = math.hypot(camera.lens_softness, wide_open, diffraction)
    disc = _defocus_disc_px(camera, settings, max(width, height), float(chance.normal(0.0, 0.35)))
    far = min(math.hypot(near, BLUR_SIGMA_PER_DISC * disc), FARTHEST_BLUR_PX)
    return Optics(
        near_blur=near,
        far_blur=far,
        shake=_shake(settings, camera, chance),
        corner_loss=_corner_loss(camera, settings),
        flash_fall=float(chance.uniform(0.6, 0.85)) if settings.flash_fired else 0.0,
    )


def light_field(optics: Optics, width: int, height: int) -> Plane:
    """Return the share of light that arrives over the frame, 1 in the middle."""
    y = (np.arange(height, dtype=np.float32) + 0.5) / height * 2 - 1
    x = (np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1
    aspect = width / math.hypot(width, height), height / math.hypot(width, height)
    across, down = (x * aspect[0]) ** 2, (y * aspect[1]) ** 2
    radius2 = down[:, None] + across[None, :]
    field = 1 - np.float32(optics.corner_loss) * radius2
    if optics.flash_fall:
        field *= 1 - np.float32(optics.flash_fall) * np.sqrt(radius2)
    return field.astype(np.float32)


def shake(plane: Plane, path: tuple[float, float]) -> Plane:
    """Average an ``(H, W)`` plane along a straight path of so many pixels; edges are repeated."""
    length = max(abs(path[0]), abs(path[1]))
    if length < SHORTEST_SHAKE_PX:
        return plane
    reach = int(length) // 2 + 1
    padded = np.pad(plane, reach, mode="edge")
    height, width = plane.shape
    total = np.zeros_like(plane)
    for share in SHAKE_STEPS if length > 3 else (-0.5, 0.5):
        dx, dy = reach + round(path[0] * share), reach + round(path[1] * share)
        total += padded[dy : dy + height, dx : dx + width]
    total *= np.float32(1 / (len(SHAKE_STEPS) if length > 3 else 2))
    return total


def _defocus_disc_px(camera: Camera, settings: Settings, longest: int, nearness: float) -> float:
    """Return the blur disc of far things when the lens is set to something near.

    Things out of focus by ``magnification / focal`` dioptres: on the sensor the disc is
    ``focal * magnification / f-number`` wide.
    """
    magnification = 0.022 / camera.crop_factor * math.exp(nearness)
    return blur_disc_px(
        dioptres=magnification / (settings.focal_mm / 1000),
        pupil_m=settings.focal_mm / settings.aperture / 1000,
        fov_rad=FULL_FRAME_MM / camera.crop_factor / settings.focal_mm,
        width_px=longest,
    )


def _shake(settings: Settings, camera: Camera, chance: np.random.Generator) -> tuple[float, float]:
    """Return the path of a hand that trembles some dozens of pixels a second."""
    equivalent = settings.focal_mm * camera.crop_factor
    speed = float(np.exp(chance.normal(math.log(3.0 * equivalent), 0.7)))
    seconds = min(settings.exposure_s, 0.25) * (0.15 if settings.flash_fired else 1.0)
    length, turn = min(speed * seconds, LONGEST_SHAKE_PX), chance.uniform(0, 2 * math.pi)
    return length * math.cos(turn), length * math.sin(turn)


def _corner_loss(camera: Camera, settings: Settings) -> float:
    """Return what the lens loses wide open, less when stopped down, more at short focal lengths."""
    opened = math.pow(camera.widest[0] / settings.aperture, 1.5)
    equivalent = settings.focal_mm * camera.crop_factor
    return min(0.8, camera.vignetting * (0.15 + opened) + 0.10 * min(1.0, 24 / equivalent) ** 2)
