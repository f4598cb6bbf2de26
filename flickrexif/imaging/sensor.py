"""Degradations of an image by the camera that might have taken it: lens, exposure, pixel.

An sRGB image is taken for the scene itself: its linear light (1 is white) falls through a lens on a
sensor, which counts electrons, and what it reads out becomes sRGB again. The anchor: on a pixel of
2.8 um with fill factor 0.75, exposed for 10 ms, linear 1.0 makes 10 000 electrons on average, just
a full well of ISETCam's default pixel; the image's own pixels are 2.8 um apart. A sensor has all
three colours in each pixel (no mosaic) and no automatic gain, so a short exposure is dark as well
as noisy.

Randomness comes from a Philox stream keyed by blake2b(seed, photo id): it depends on neither order,
process nor batch. What NumPy draws from it for Poisson and normal variates may change with NumPy's
version, so equal bytes need an equal NumPy (and Pillow, which resizes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging.linear import Floats, Light, Pixels, light_of, pixels_of
from flickrexif.imaging.mask import PhotoName, philox
from flickrexif.imaging.optics import Defocus, Diffraction, convolve, require_positive

REFERENCE_PIXEL_UM = 2.8
REFERENCE_FILL_FACTOR = 0.75
REFERENCE_EXPOSURE_SECONDS = 0.01
REFERENCE_WHITE_ELECTRONS = 10_000.0

Electrons = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sensor:
    """An image sensor, one kind of pixel for all three colours.

    The defaults are ISETCam's (pixelCreate.m, pixelSNR.m), its volts divided by its conversion gain
    of 1e-4 V per electron: pixel of 2.8 um, fill factor 0.75 (a comment there says 80 %, the code
    0.75), 1 V swing, read noise 1 mV, dark voltage 1 mV/s. Its converter is analogue; 12 bits, a
    step of 2.4 electrons, are what raw files have.

    ``full_well_electrons`` does not grow with the pixel, nor does the read noise, as there. The
    dark current is that of this pixel.

    Raises `UsageError` for a quantity that cannot be one.
    """

    pixel_size_um: float = REFERENCE_PIXEL_UM
    fill_factor: float = REFERENCE_FILL_FACTOR
    full_well_electrons: float = 10_000.0
    read_noise_electrons: float = 10.0
    dark_current_electrons_per_s: float = 10.0
    exposure_seconds: float = REFERENCE_EXPOSURE_SECONDS
    bits: int = 12

    def __post_init__(self) -> None:
        for name in ("pixel_size_um", "full_well_electrons", "exposure_seconds"):
            require_positive(name, getattr(self, name))
        for name in ("read_noise_electrons", "dark_current_electrons_per_s"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"{name} {getattr(self, name)!r} is not 0 or a positive number")
        if not 0 < self.fill_factor <= 1:
            raise UsageError(f"fill_factor {self.fill_factor!r} is outside 0..1: give a share")
        if not 1 <= self.bits <= 16:
            raise UsageError(f"bits {self.bits!r} is outside 1..16: a converter has 8 to 16")

    @property
    def white_electrons(self) -> float:
        """Electrons that linear 1.0 makes on average: the anchor by area, fill factor and time."""
        area = (self.pixel_size_um / REFERENCE_PIXEL_UM) ** 2
        share = self.fill_factor / REFERENCE_FILL_FACTOR
        time = self.exposure_seconds / REFERENCE_EXPOSURE_SECONDS
        return REFERENCE_WHITE_ELECTRONS * area * share * time

    def resized(self, pixel_size_um: float) -> Sensor:
        """With pixels of another size: fill factor, well and density of dark current stay."""
        area = (pixel_size_um / self.pixel_size_um) ** 2
        dark = self.dark_current_electrons_per_s * area
        return replace(self, pixel_size_um=pixel_size_um, dark_current_electrons_per_s=dark)

    def metered(self) -> Sensor:
        """Exposed so that linear 1.0 just fills the well."""
        seconds = self.exposure_seconds * self.full_well_electrons / self.white_electrons
        return replace(self, exposure_seconds=seconds)

    def electrons(self, light: Floats, random: np.random.Generator) -> Electrons:
        """Electrons of pixels that get so much ``light``, of the same shape, 0 to the full well.

        Arrivals of photons and dark electrons are Poisson, the read noise is Gaussian; each channel
        is clipped by itself, so that bright colours change their hue.
        """
        dark = self.dark_current_electrons_per_s * self.exposure_seconds
        expected = np.maximum(light, 0) * self.white_electrons + dark
        read = random.normal(0, self.read_noise_electrons, light.shape)
        return np.clip(random.poisson(expected) + read, 0, self.full_well_electrons)

    def read_out(self, light: Floats, random: np.random.Generator) -> Light:
        """What the converter says of `electrons`: 0..1 in ``2**bits - 1`` even steps."""
        steps = 2**self.bits - 1
        levels = np.rint(self.electrons(light, random) * (steps / self.full_well_electrons))
        return np.asarray(levels / steps)

    def expose(self, light: Light, random: np.random.Generator) -> Light:
        """The image (height x width x 3) as these pixels sample it, again at its own size.

        Pixels are ``pixel_size_um / 2.8`` image pixels wide, rounded so that a whole number covers
        the image. Each gathers the mean light of its area; what they read is enlarged bilinearly.
        """
        height, width = light.shape[:2]
        pitch = self.pixel_size_um / REFERENCE_PIXEL_UM
        rows, columns = max(1, round(height / pitch)), max(1, round(width / pitch))
        if (rows, columns) == (height, width):
            return self.read_out(light, random)
        gathered = _area_mean(_area_mean(light, rows, axis=0), columns, axis=1)
        return _bilinear(self.read_out(gathered, random), height, width)

    def snr_db(self, signal_electrons: Floats) -> Floats:
        """``10 log10(s**2 / (read**2 + s))`` of a signal of s electrons (ISETCam's pixelSNR.m)."""
        noise = self.read_noise_electrons**2 + signal_electrons
        return 10 * np.log10(signal_electrons**2 / noise)

    def noise_line(self, gain: float = 1.0) -> tuple[float, float]:
        """Slope and intercept of variance against mean (the photon transfer line).

        Both in light relative to the full well, after an amplification by ``gain``:
        ``gain / well * mean + (gain * read / well)**2`` (Janesick, "Photon Transfer", 2007).
        """
        relative = gain / self.full_well_electrons
        return relative, (relative * self.read_noise_electrons) ** 2


@dataclass(frozen=True, slots=True)
class Degradation:
    """What happens to an image, in this order: defocus, diffraction, sensor; None is left out.

    ``name`` is its class name in a sweep and changes nothing; ``seed`` matters to the sensor. The
    blurs follow one another, which is exact for neither where both are of one size.
    """

    name: str = "original"
    defocus: Defocus | None = None
    diffraction: Diffraction | None = None
    sensor: Sensor | None = None
    seed: int = 0

    @property
    def is_identity(self) -> bool:
        """Whether it leaves every byte as it is."""
        in_focus = self.defocus is None or self.defocus.dioptres == 0
        return in_focus and self.diffraction is None and self.sensor is None


def degrade(image: Pixels, spec: Degradation, photo_id: PhotoName = 0) -> Pixels:
    """A degraded copy of ``image`` (uint8, height x width x 3, sRGB), of the same shape.

    A function of the three arguments alone. Photos differ in their noise; the levels of a sweep
    draw from one stream for each photo. Raises `ValueError` for pixels of another shape or type.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected uint8 height x width x 3, got {image.dtype} {image.shape}")
    if spec.is_identity or image.size == 0:
        return image.copy()
    light = light_of(image)
    if spec.defocus is not None:
        light = convolve(light, spec.defocus.psf(image.shape[1]))
    if spec.diffraction is not None:
        light = convolve(light, spec.diffraction.psf())
    if spec.sensor is not None:
        words = philox(spec.seed, photo_id, b"sensor")
        light = spec.sensor.expose(light, np.random.Generator(words))
    return pixels_of(light)


Level = Callable[[float], Degradation]

_SWEEPS: dict[str, tuple[tuple[float, ...], Level]] = {
    "exposure_time": (
        (0.15625, 0.625, 2.5, 10, 40, 160, 640),
        lambda ms: Degradation(f"exposure_{ms:g}_ms", sensor=Sensor(exposure_seconds=ms / 1000)),
    ),
    "pixel_size": (
        (5, 8, 11),
        lambda um: Degradation(f"pixel_{um:g}_um", sensor=Sensor().resized(um)),
    ),
    "pixel_size_metered": (
        (2.8, 5, 8, 11),
        lambda um: Degradation(f"metered_{um:g}_um", sensor=Sensor().resized(um).metered()),
    ),
    "defocus": (
        (4, 12, 20),
        lambda dioptres: Degradation(f"defocus_{dioptres:g}_D", defocus=Defocus(dioptres)),
    ),
}
"""Levels and what each does, in the order of the classes.

Exposure times in ms lie two stops apart, three levels on either side of the anchor's 10 ms. Pixels
of 5, 8 and 11 um and defocus by 12 and 20 dioptres are the levels of a student project with ISETCam
(Stanford Psych 221); at one exposure larger pixels also overflow, which ``metered`` takes away.
"""

SWEEPS = tuple(_SWEEPS)


def sweep(name: str, *, seed: int = 0) -> list[Degradation]:
    """The classes of a sweep of `SWEEPS`: the untouched original first, then its levels.

    Raises `UsageError` for a sweep that is none.
    """
    if name not in _SWEEPS:
        raise UsageError(f"unknown sweep {name!r}: use one of {', '.join(SWEEPS)}")
    levels, degradation = _SWEEPS[name]
    return [Degradation(seed=seed), *(replace(degradation(at), seed=seed) for at in levels)]


def _area_mean(light: Light, count: int, *, axis: int) -> Light:
    """Means over ``count`` even intervals of an axis, which may cut pixels."""
    running = np.moveaxis(np.cumsum(light, axis=axis), axis, 0)
    running = np.concatenate([np.zeros_like(running[:1]), running])
    size = len(running) - 1
    edges = np.linspace(0, size, count + 1)
    below = np.minimum(edges.astype(np.intp), size - 1)
    part = (edges - below).reshape(-1, *(1,) * (running.ndim - 1))
    at_edges = running[below] + part * (running[below + 1] - running[below])
    return np.moveaxis(np.diff(at_edges, axis=0) * (count / size), 0, axis)


def _bilinear(light: Light, height: int, width: int) -> Light:
    """At another size; where that is smaller, each pixel averages those it covers."""
    out = np.empty((height, width, light.shape[2]))
    for channel in range(light.shape[2]):
        plane = Image.fromarray(light[:, :, channel].astype(np.float32))
        out[:, :, channel] = np.asarray(plane.resize((width, height), Image.Resampling.BILINEAR))
    return out
