"""What a lens does to light before the sensor: defocus and diffraction, as point spread functions.

A point spread function (PSF) is float64, square, of odd side, one value per pixel of the image,
never negative and 1 in sum. Each value is the mean over its pixel's area, so its modulation
transfer function (MTF) is that of the lens times ``sinc(f)``, f in cycles per pixel.

Light is linear; blurring sRGB codes instead would dim what is bright.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from flickrexif.imaging.linear import Light

Psf = npt.NDArray[np.float64]

ROWS_PER_PIXEL = 16
FARTHEST_RING = 40
"""Of the Airy pattern, in units of wavelength x f-number: 0.5 % of the light falls outside."""
FARTHEST_RING_PX = 256


@dataclass(frozen=True, slots=True)
class Defocus:
    """A lens out of focus by ``dioptres`` (1/m), either way; 0 is in focus.

    ``pupil_m`` is the entrance pupil's diameter in metres, ``fov_degrees`` what the image's width
    sees. The defaults are ISETCam's: a quarter-inch camera at f/4 (focal length 3.86 mm) before a
    scene of 10 degrees (opticsCreate.m, sceneInitSpatial.m). 12 dioptres then blur an image of 224
    pixels by a disc of 15 pixels, 20 by one of 25.

    Raises `UsageError` for a pupil or a field of view that is not above 0 (and below 180 degrees).
    """

    dioptres: float
    pupil_m: float = 0.000966
    fov_degrees: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.fov_degrees < 180:
            raise UsageError(f"field of view {self.fov_degrees!r} is no angle: give 0..180 degrees")
        require_positive("pupil_m", self.pupil_m)

    def psf(self, width_px: int) -> Psf:
        """The blur disc for an image of this width."""
        diameter = blur_disc_px(
            dioptres=self.dioptres,
            pupil_m=self.pupil_m,
            fov_rad=math.radians(self.fov_degrees),
            width_px=width_px,
        )
        return pillbox(diameter)


@dataclass(frozen=True, slots=True)
class Diffraction:
    """A perfect lens with a round aperture, in one wavelength.

    ``f_number`` is focal length over aperture, ``pixel_size_um`` the pitch of the image's pixels on
    the sensor; ``wavelength_um`` 0.55 is green. Raises `UsageError` for one not above 0.
    """

    f_number: float = 4.0
    wavelength_um: float = 0.55
    pixel_size_um: float = 2.8

    def __post_init__(self) -> None:
        for name in ("f_number", "wavelength_um", "pixel_size_um"):
            require_positive(name, getattr(self, name))

    def psf(self) -> Psf:
        """The Airy pattern on the image's pixels."""
        return airy(self.pixel_size_um / (self.wavelength_um * self.f_number))


def blur_disc_px(*, dioptres: float, pupil_m: float, fov_rad: float, width_px: float) -> float:
    """Diameter of the blur disc in pixels: ``dioptres * pupil_m`` is the angle it subtends.

    Geometric optics for small angles: rays from a point to opposite edges of the pupil, which a
    lens in focus would make parallel, are turned apart by the pupil's width over the focal error's
    distance, ``1 / dioptres``. The angle is spread evenly over the image's width.
    """
    return abs(dioptres) * pupil_m * width_px / fov_rad


@lru_cache(32)
def pillbox(diameter_px: float) -> Psf:
    """An even disc: each pixel's share of it, along a row exactly, between rows by 16 samples.

    Its MTF is ``2 J1(x) / x`` with ``x = pi f diameter_px``, the Fourier transform of a disc, times
    the pixel's. A disc no wider than a pixel changes nothing.
    """
    radius = diameter_px / 2
    reach = max(0, math.ceil(radius - 0.5))
    if reach == 0:
        return _normalised(np.ones((1, 1)))
    side = 2 * reach + 1
    edges = np.arange(side + 1) - (reach + 0.5)
    rows = (np.arange(side * ROWS_PER_PIXEL) + 0.5) / ROWS_PER_PIXEL - (reach + 0.5)
    chord = np.sqrt(np.maximum(radius**2 - rows**2, 0))[:, None]
    inside = np.diff(np.clip(edges, -chord, chord), axis=1)
    disc = inside.reshape(side, ROWS_PER_PIXEL, side).sum(axis=1)
    return _normalised(disc + disc.T)


@lru_cache(32)
def airy(cutoff: float) -> Psf:
    """The Airy pattern of a lens that passes up to ``cutoff`` cycles per pixel.

    ``cutoff = pixel_size / (wavelength * f_number)``. It is the inverse transform, on a grid fine
    enough to hold the cutoff, of the incoherent MTF of a round aperture,
    ``2 / pi * (arccos(r) - r sqrt(1 - r**2))`` with ``r = f / cutoff`` (Goodman, "Introduction to
    Fourier Optics", 6.3), then summed over pixels. Rings farther out than the array reaches are
    folded back into it.
    """
    reach = min(math.ceil(FARTHEST_RING / cutoff), FARTHEST_RING_PX)
    fine = max(3, math.ceil(2 * cutoff) | 1)
    side = (2 * reach + 1) * fine
    down, across = np.fft.fftfreq(side, 1 / fine), np.fft.rfftfreq(side, 1 / fine)
    passed = circular_mtf(np.hypot(down[:, None], across[None]) / cutoff)
    points = np.fft.fftshift(np.fft.irfft2(passed, (side, side)))
    return _normalised(points.reshape(2 * reach + 1, fine, -1, fine).sum(axis=(1, 3)))


def circular_mtf(relative: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """MTF of a round aperture in incoherent light at frequencies relative to its cutoff."""
    r = np.clip(relative, 0, 1)
    return 2 / math.pi * (np.arccos(r) - r * np.sqrt(1 - r * r))


def convolve(light: Light, psf: Psf) -> Light:
    """``light`` (height x width x channels) blurred by ``psf``, of the same shape.

    Beyond its edges the image goes on as its own mirror image, the edge pixel repeated. With a PSF
    that is symmetric, as those here are, no light is lost or won, whatever the image.
    """
    reach = len(psf) // 2
    if reach == 0:
        return light
    out = np.empty_like(light)
    for channel in range(light.shape[2]):
        padded = np.pad(light[:, :, channel], reach, mode="symmetric")
        spectrum = np.fft.rfft2(padded) * np.fft.rfft2(psf, padded.shape)
        out[:, :, channel] = np.fft.irfft2(spectrum, padded.shape)[2 * reach :, 2 * reach :]
    return np.maximum(out, 0, out=out)


def require_positive(name: str, value: float) -> None:
    """Raise `UsageError` unless ``value`` is a finite number above 0."""
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{name} {value!r} is not a positive number")


def _normalised(psf: Psf) -> Psf:
    """Without the rounding errors of the transform below 0, 1 in sum, not to be written to."""
    psf = np.maximum(psf, 0)
    psf /= psf.sum()
    psf.flags.writeable = False
    return psf
